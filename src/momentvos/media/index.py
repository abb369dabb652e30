"""Index of a container's frames: their time stamps, read from packets without decoding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error
import av.stream

from momentvos.errors import VideoError
from momentvos.media.frame import check_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_NOT_VIDEO = {"tty", "concat", "hls", "dash", "applehttp", "ffmetadata", "sdp", "lrc", "srt"}
_NO_HEADER = {"mpegts", "mpeg"}


@dataclass(frozen=True)
class Index:
    """Time stamps and keyframes of a video stream.

    Attributes:
        pts: time stamps in display order, ascending, in units of the stream's time base.
        keys: frame numbers from which decoding can start.
        last: duration of the last frame in those units, 0 if unknown.
        expected: frames according to the headers, more than `pts` has where the file is truncated.
        truncated: whether frames at the end are missing.
        counted: whether frames are identified by counting, because time stamps are unreliable.
        skipped: frames before the first that decodes, left out of `pts`.
    """

    pts: list[int]
    keys: list[int]
    last: int
    expected: int
    truncated: bool = False
    counted: bool = False
    skipped: int = 0


@contextmanager
def opened(path: Path, damaged: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a container with its main video stream. Raises VideoError when it has none.

    damaged: decode frame by frame. Otherwise several are decoded at once, and an error in one of
    them takes those with it that are under way.
    """
    try:
        container = open_file(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"'{path}' is not a video that can be read ({reason(error)}).") from None
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
        stream.thread_type = "SLICE" if damaged else "AUTO"
        yield container, stream


def open_file(path: Path) -> InputContainer:
    """Open a local file, without following references in it. Raises PyAV's errors."""
    lenient: dict[str, Any] = {}
    if int(av.__version__.split(".")[0]) < 19:  # later ones are lenient and have no such option
        lenient["metadata_errors"] = "replace"
    container: InputContainer = av.open(
        f"file:{path}", options={"protocol_whitelist": "file"}, **lenient
    )
    return container


def ratio(value: Any, otherwise: Fraction) -> Fraction:
    """Convert PyAV's rational, whose type differs by version, to a Fraction; or `otherwise`."""
    if not value or not value.numerator or not value.denominator:
        return otherwise
    return Fraction(value.numerator, value.denominator)


def rate(stream: VideoStream) -> Fraction:
    """Frames per second according to the headers, else FFmpeg's guess."""
    return ratio(stream.average_rate, ratio(stream.guessed_rate, Fraction(25)))


def time_base(stream: VideoStream) -> Fraction:
    """Seconds per unit of the stream's time stamps."""
    return ratio(stream.time_base, Fraction(1, 1000))


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


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Yield every frame that decodes, in display order; damaged packets are skipped."""
    for packet in packets(container, stream):
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, OSError):
            continue
    try:
        yield from stream.codec_context.decode(None)
    except (av.error.FFmpegError, OSError):
        return


def build(path: Path) -> Index:
    """Build the index from all packets. Raises VideoError where no frame decodes."""
    index = _from_packets(path)
    if index is None:
        index = _by_decoding(path)
    elif index.truncated:
        index = _cut_to_what_decodes(path, index)
    if not index.pts:
        raise VideoError(f"'{path}' holds no frame that decodes.")
    return index


def _from_packets(path: Path) -> Index | None:
    """Index from packets; None where time stamps are missing, duplicate, or restart."""
    keys: dict[int, bool] = {}
    seen, last, end, corrupt, clock = 0, (-1, 0), 0.0, False, None
    with opened(path) as (container, stream):
        indexed = len(stream.index_entries)  # before FFmpeg adds what it meets
        for packet in packets(container, stream, *container.streams.audio):
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream is not stream or packet.is_discard:
                continue
            if packet.pts is None or (clock is not None and (packet.dts or clock) < clock):
                return None
            clock = packet.dts
            seen += 1
            keys[packet.pts] = packet.is_keyframe
            corrupt = packet.is_corrupt
            last = max(last, (packet.pts, packet.duration or 0))
        if container.format.name == "avi":
            promised = _promised_by_avi(stream, indexed, seen, clock)
        else:
            promised = _promised(path, container, stream, seen, end)
        doubtful = corrupt or promised > seen or container.format.name in _NO_HEADER
    if not keys or len(keys) != seen:
        return None
    pts = sorted(keys)
    return Index(
        pts=pts,
        keys=[number for number, stamp in enumerate(pts) if keys[stamp]],
        last=last[1],
        expected=max(seen, promised),
        truncated=doubtful,
    )


def _promised(
    path: Path, container: InputContainer, stream: VideoStream, seen: int, end: float
) -> int:
    """Number of frames according to the headers, 0 if unknown. end: last second of the packets."""
    kind = container.format.name.split(",")[0]
    if kind == "mov":
        size = path.stat().st_size
        entries = list(stream.index_entries)
        return len(entries) if any(e.pos + e.size > size for e in entries) else 0
    if kind in ("matroska", "flv") and container.duration is not None:
        missing = float(container.duration / av.time_base) - end
        missed = round(missing * rate(stream))
        return seen + missed if missing > 0.5 and missed > 2 else 0
    return 0


def _promised_by_avi(stream: VideoStream, indexed: int, seen: int, clock: int | None) -> int:
    """Number of frames according to an AVI, whose header counts empty chunks as frames too.

    The index at the end of the file lists the others. Without it, in a truncated file, frames are
    missing after the last one's place, which counts empty chunks as well.
    """
    if indexed > 1:  # FFmpeg makes one entry by itself
        return indexed
    return seen + max(stream.frames - 1 - (clock or 0), 0)


def _cut_to_what_decodes(path: Path, index: Index) -> Index:
    """Drop the frames at the end that do not decode."""
    for place in reversed(index.keys or [0]):
        with opened(path, damaged=True) as (container, stream):
            if place:
                container.seek(index.pts[place], stream=stream)
            good = {f.pts for f in decoded(container, stream) if not f.is_corrupt}
        for number in range(len(index.pts) - 1, place - 1, -1):
            if index.pts[number] in good:
                pts = index.pts[: number + 1]
                keys = [key for key in index.keys if key <= number]
                return replace(index, pts=pts, keys=keys, truncated=index.expected > len(pts))
    return replace(index, pts=[], keys=[])


def from_first(path: Path, index: Index, stamp: int | None) -> Index:
    """Drop the frames before `stamp`, the first one that decodes.

    If no packet has this time stamp, packets and frames do not correspond; then all frames are
    decoded once.
    """
    if index.counted or (index.pts and stamp == index.pts[0]):
        return index
    if stamp is None or stamp not in index.pts:
        return _by_decoding(path)
    skipped = index.pts.index(stamp)
    keys = [key - skipped for key in index.keys if key >= skipped]
    return replace(index, pts=index.pts[skipped:], keys=keys, skipped=skipped)


def _by_decoding(path: Path) -> Index:
    with opened(path) as (container, stream):
        stamps = [frame.pts for frame in decoded(container, stream)]
        unit = 1 / (rate(stream) * time_base(stream))
        promised = stream.frames
    pts = [stamp for stamp in stamps if stamp is not None]
    if len(pts) != len(stamps) or any(b <= a for a, b in pairwise(pts)):
        pts = [round(number * unit) for number in range(len(stamps))]
    return Index(
        pts=pts,
        keys=[0] if pts else [],
        last=round(unit),
        expected=max(promised, len(pts)),
        truncated=promised > len(pts),
        counted=True,
    )


def _is_cover(stream: Any) -> bool:
    """Whether a stream is the cover image of an audio file."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
