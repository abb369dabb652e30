"""Packets and decoded frames of a container; each frame knows the packet that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Literal

import av
import av.error
import av.stream

from momentvos.errors import VideoError
from momentvos.media.blob import Blob, Place
from momentvos.media.frame import check_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

LOCAL = {"protocol_whitelist": "file"}
"""Options of FFmpeg by which a file cannot name others elsewhere."""
LENIENT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)
"""How labels that are no text are read; later ones of PyAV are lenient and have no such option."""
_NOT_VIDEO = {"tty", "concat", "hls", "dash", "applehttp", "ffmetadata", "sdp", "lrc", "srt"}

Mark = Literal["pts", "dts", "pos", "number", "count"]
"""What tells frames apart: a time stamp of their packet, its place in the file or its number from
the start of the file; or counting the frames themselves."""


@contextmanager
def opened(
    path: Place, damaged: bool = False, stored: bool = False
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a container with its main video stream. Raises VideoError when it has none.

    damaged: decode frame by frame. Otherwise several are decoded at once, and an error in one of
    them takes those with it that are under way.
    stored: give packets only the time stamps that are in the file, without FFmpeg's guesses.
    """
    try:
        container = open_file(path, stored)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"'{path}' is not a video that can be read ({reason(error)}).") from None
    with main_stream(container, path) as stream:
        stream.thread_type = "SLICE" if damaged else "AUTO"
        yield container, stream


@contextmanager
def main_stream(container: InputContainer, path: Place) -> Iterator[VideoStream]:
    """The main video stream of an open container, which is closed at the end.

    Raises VideoError where it has none, or one of a size or a kind that is not read.
    """
    with container:
        streams = [s for s in container.streams.video if not _is_cover(s)]
        if _NOT_VIDEO & set(container.format.name.split(",")):
            raise VideoError(f"'{path}' is not a video.")
        if not streams:
            what = "only sound" if container.streams.audio else "no pictures"
            raise VideoError(f"'{path}' holds {what}; give a file with a video stream.")
        best = container.streams.best("video")
        stream: Any = best if best in streams else streams[0]
        if stream.codec_context is None:
            raise VideoError(f"'{path}' is coded in a way that no decoder at hand can read.")
        if stream.codec_context.width:
            check_size(path, stream.codec_context.height, stream.codec_context.width)
        yield stream


def open_file(path: Place, stored: bool = False) -> InputContainer:
    """Open a file or blob, without following references in it. Raises PyAV's errors."""
    how: dict[str, Any] = {"options": dict(LOCAL), **LENIENT}
    if stored:
        how["options"]["fflags"] = "nofillin"
    container: InputContainer
    if isinstance(path, Blob):
        container = av.open(_Renamed(path.open(), path), **how)
        return container
    if "%" in str(path):
        how["format"] = _format(path)
    container = av.open(f"file:{path}", **how)
    return container


def _format(path: Place) -> str:
    """Format of a file by its content and suffix.

    By a name with, say, %03d FFmpeg would read numbered pictures instead of the file.
    """
    with path.open("rb") as file, av.open(_Renamed(file, path), options=LOCAL) as container:
        return container.format.name.split(",")[0]


class _Renamed:
    """An open file under another name, as PyAV reads it."""

    def __init__(self, file: IO[bytes], path: Place) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.name = f"file{path.suffix}".replace("%", "")


def reason(error: Exception) -> str:
    """Short reason in FFmpeg's words."""
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()


def packets(container: InputContainer, *streams: Any) -> Iterator[Packet[Any]]:
    """Yield packets with data up to the end or the first read error."""
    while True:
        try:
            for packet in container.demux(*streams):
                if packet.size:
                    yield packet
            return
        except IndexError:
            continue  # PyAV's word for a packet of a stream that began in mid-file
        except (av.error.FFmpegError, OSError):
            return


def marked(container: InputContainer, stream: VideoStream, mark: Mark) -> Iterator[Packet[Any]]:
    """Yield the packets of a stream with their mark as `pts`, which decoders hand on to frames."""
    count = 0
    for packet in packets(container, stream):
        if mark == "dts":
            packet.pts = packet.dts
        elif mark == "pos":
            packet.pts = packet.pos
        elif mark == "number":
            packet.pts = count
            count += not packet.is_discard
        yield packet


def ignore(error: Exception) -> None:
    """Leave out what is damaged."""


def decoded(
    container: InputContainer,
    stream: VideoStream,
    mark: Mark = "pts",
    on_damage: Callable[[Exception], None] = ignore,
) -> Iterator[av.VideoFrame]:
    """Yield every frame that decodes, in display order; damaged packets are skipped.

    mark: what a frame's `pts` is to tell of its packet.
    on_damage: called with the error of a damaged packet. Where several frames are decoded at
        once, good ones are lost with it.
    """
    for packet in marked(container, stream, mark):
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, OSError) as error:
            on_damage(error)
    try:
        yield from stream.codec_context.decode(None)
    except (av.error.FFmpegError, OSError) as error:
        on_damage(error)


def seek(container: InputContainer, stream: VideoStream, target: int, bytewise: bool) -> None:
    """Go to a keyframe at or before a time stamp, or to a place in the file.

    Demuxers may land elsewhere. Raises PyAV's errors.
    """
    container.seek(target, stream=None if bytewise else stream, unsupported_byte_offset=bytewise)


def _is_cover(stream: Any) -> bool:
    """Whether a stream is the cover image of an audio file."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
