"""Frames of a pipe or a file as they come, without an index: decoded once, forwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import av
import av.error

from momentvos.errors import VideoError
from momentvos.media import alpha
from momentvos.media.decoding import LOCAL, main_stream, reason
from momentvos.media.frame import Frame
from momentvos.media.pixels import Upright
from momentvos.media.table import rate, time_base

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
    decode are given. Times are those of the stream, where they ascend, else by its rate.

    Args:
        file: its bytes; it is only read, never sought.
        name: of the stream, for messages.

    Raises:
        VideoError: it is empty or no video, or of a format whose index stands at its end.
    """
    source = _Pipe(file)
    try:
        container: Any = av.open(source, options=LOCAL | _OPTIONS)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if source.count == 0:
            raise VideoError(f"'{name}' is empty; it holds no video.") from None
        raise VideoError(
            f"'{name}' is no video that can be read while it comes ({reason(error)}); a format "
            "that can: ffmpeg -i ... -f matroska -."
        ) from None
    with main_stream(container, Path(name)) as stream:
        stream.thread_type = "SLICE"  # threads by frames hold as many of them back
        decoded = alpha.decoded(container, stream)
        first = next(decoded, None)
        if first is None:
            raise VideoError(
                f"No frame of '{name}' decodes while it comes; a format that can be read so: "
                "ffmpeg -i ... -f matroska -."
            )
        upright, fps = Upright(first, Path(name)), float(rate(stream))
        unit = float(time_base(stream))

        def frames() -> Iterator[Frame]:
            start, before = first.pts, -1.0
            for number, one in enumerate(chain([first], decoded)):
                time = before + 1 / fps if number else 0.0
                if one.pts is not None and start is not None:
                    time = max((one.pts - start) * unit, 0.0)
                if time <= before:
                    time = before + 1 / fps
                yield Frame(number, time, upright(one))
                before = time

        yield LiveVideo(fps, frames())


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
