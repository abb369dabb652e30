"""Frames of a pipe or a file as they come, without an index: decoded once, forwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import av
import av.error

from momentvos.errors import VideoError
from momentvos.media import alpha
from momentvos.media.decoding import LENIENT, LOCAL, main_stream, packets, reason
from momentvos.media.frame import Frame
from momentvos.media.live_clock import LiveClock
from momentvos.media.pixels import Upright
from momentvos.media.table import BROKEN_CLOCK, rate, stores_slots, time_base

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_OPTIONS = {"probesize": str(1 << 20), "analyzeduration": "1000000"}
"""A second of a stream, or a megabyte, is looked at before its first frame comes."""


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass(frozen=True)
class LiveVideo:
    """A video whose end is not known.

    fps: frames a second by its header. frames: its frames, which can be taken once.
    """

    fps: float
    frames: Iterator[Frame]


@contextmanager
def live_video(file: Readable, name: str) -> Iterator[LiveVideo]:
    """Open a video that comes byte by byte; frames come as soon as they decode.

    Rotations and colours are those of `Video.open`. Of a stream that breaks off the frames that
    decode are given. Times are those of the stream as far as they ascend, see `LiveClock`.

    Args:
        file: its bytes; it is only read, never sought.
        name: of the stream, for messages.

    Raises:
        VideoError: it is empty or no video, or of a format whose index stands at its end.
    """
    source = _Pipe(file)
    try:
        container: Any = av.open(source, options=LOCAL | _OPTIONS, **LENIENT)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if source.count == 0:
            raise VideoError(f"'{name}' is empty; it holds no video.") from None
        raise VideoError(
            f"'{name}' is no video that can be read while it comes ({reason(error)}); a format "
            "that can: ffmpeg -i ... -f matroska -."
        ) from None
    with main_stream(container, Path(name)) as stream:
        stream.thread_type = "SLICE"  # threads by frames hold as many of them back
        slots = stores_slots(container, stream)
        decoded = (_in_slots if slots else alpha.decoded)(container, stream)
        first = next(decoded, None)
        if first is None:
            raise VideoError(
                f"No frame of '{name}' decodes while it comes; a format that can be read so: "
                "ffmpeg -i ... -f matroska -."
            )
        upright, fps = Upright(first, Path(name)), float(rate(stream))
        leaps = bool(container.format.flags & BROKEN_CLOCK)
        clock = LiveClock(float(time_base(stream)), 1 / fps, leaps)

        def frames() -> Iterator[Frame]:
            for number, one in enumerate(chain([first], decoded)):
                yield Frame(number, clock.time(one.pts), upright(one))

        yield LiveVideo(fps, frames())


def _in_slots(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield the frames of a stream that stores the order of decoding alone, as they are shown.

    The first of them takes the earliest stamp of decoding for its `pts`, and so on.
    """
    slots: list[int] = []
    for packet in packets(container, stream):
        if packet.dts is not None:
            heappush(slots, packet.dts)
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, OSError):
            if packet.dts in slots:
                slots.remove(packet.dts)
                heapify(slots)
            continue
        yield from _shown_at(frames, slots)
    with suppress(av.error.FFmpegError, OSError):
        yield from _shown_at(stream.codec_context.decode(None), slots)


def _shown_at(frames: Sequence[VideoFrame], slots: list[int]) -> Iterator[VideoFrame]:
    for frame in frames:
        frame.pts = heappop(slots) if slots else None
        yield frame


class _Pipe:
    """A file that is only read, as PyAV takes it; what is there is given at once."""

    name = "pipe"

    def __init__(self, file: Readable) -> None:
        self._read = getattr(file, "read1", file.read)
        self.count = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        block: bytes = self._read(size)
        self.count += len(block)
        return block
