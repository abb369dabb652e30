"""A silent video file in a codec of choice, with the times of its source."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error

from momentvos.errors import OutputError
from momentvos.results.export.footage import Footage

_VIDEO_RANGE = 1
_HD_LINES = 720
_HD = ("ITU709", 1)
_SD = ("ITU601", 6)
"""Name for the scaler, and number in ITU-T H.273, of the matrices of large and small pictures."""


class Film:
    """Writes frames to a file; used as a context manager.

    Each frame starts when it does in the source, and there is no sound. A constructor's `codec` is
    FFmpeg's name of an encoder, `pixels` that of a pixel format.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        footage: Footage,
        codec: str,
        pixels: str,
        options: Mapping[str, str] | None = None,
        timecode: str | None = None,
    ) -> None:
        """Set the parameters; the file is opened on entering the block.

        size: (height, width). options: of the encoder. timecode: of the first frame.
        """
        self.path, self.size = path, size
        self._footage, self._codec, self._pixels = footage, codec, pixels
        self._options, self._timecode = dict(options or {}), timecode
        self._unit = Fraction(1, footage.time_base.denominator)
        self._written = self._muxed = 0
        self.matrix, self._number = _HD if size[0] >= _HD_LINES else _SD

    def __enter__(self) -> Film:
        """Open the file. Raises OutputError where it or the encoder cannot be had."""
        if self._codec not in av.codecs_available:
            raise OutputError(
                f"This build of FFmpeg has no encoder {self._codec}: install PyAV from its wheel."
            )
        try:
            self._container = av.open(f"file:{self.path}", "w")
            self._stream = self._add_stream()
        except (OSError, av.error.FFmpegError) as error:
            raise _cannot(self.path, error) from None
        return self

    def write(self, frame: av.VideoFrame) -> None:
        """Add the next frame, in the film's pixel format. Raises OutputError."""
        frame.pts, frame.time_base = self._stamp(self._written), self._unit
        self._written += 1
        try:
            self._mux(self._stream.encode(frame))
        except (OSError, av.error.FFmpegError) as error:
            raise _cannot(self.path, error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._mux(self._stream.encode(None))
            self._container.close()
        except (OSError, av.error.FFmpegError) as problem:
            if kind is None:
                raise _cannot(self.path, problem) from None

    def _add_stream(self) -> Any:
        rate = Fraction(len(self._footage.times), 1) / Fraction(
            self._footage.times[-1] + self._footage.durations[-1]
        ).limit_denominator(1_000_000)
        stream: Any = self._container.add_stream(
            self._codec, rate=rate.limit_denominator(10_000), options=self._options
        )
        context = stream.codec_context
        context.height, context.width = self.size
        context.pix_fmt = self._pixels
        context.sample_aspect_ratio = self._footage.pixel_aspect
        if self._pixels.startswith("yuv"):
            context.color_range = _VIDEO_RANGE
            context.colorspace = self._number
            context.color_primaries = context.color_trc = 1
        context.time_base = stream.time_base = self._unit
        context.thread_type = "AUTO"
        if self._timecode is not None:
            stream.metadata["timecode"] = self._timecode
        return stream

    def _stamp(self, number: int) -> int:
        """Start of a frame in units; past the last frame, its end."""
        times = self._footage.times
        end = times[-1] + self._footage.durations[-1]
        return round(Fraction(times[number] if number < len(times) else end) / self._unit)

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._stamp(self._muxed + 1) - self._stamp(self._muxed)
            self._muxed += 1
            self._container.mux(packet)


def _cannot(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(
        f"'{path.name}' cannot be written: {reason}; choose another place or make room."
    )
