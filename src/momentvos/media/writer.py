"""Writer of RGB frames to an mp4, with exact times and the audio of their source."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from momentvos.errors import OutputError
from momentvos.media.blob import Place
from momentvos.media.clock import Clock
from momentvos.media.sound import Sound

if TYPE_CHECKING:
    from momentvos.media.video import Video

_HD_LINES = 720
_BT709, _BT601, _VIDEO_RANGE = 1, 6, 1
_MPEG4_UNITS = 60_000
"""MPEG-4 part 2 has at most 65535 units a second."""


class VideoWriter:
    """Writes an mp4 (H.264, or MPEG-4 where FFmpeg has no libx264) frame by frame.

    Used as a context manager. The file appears under its name only when the block ends without
    an exception; until then, and after a failure, an earlier file of that name stays. Odd sizes
    are padded by one repeated pixel, because 4:2:0 chroma subsampling needs even ones.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        fps: float | Fraction = 24,
        *,
        times: Sequence[float] | None = None,
        last: float | None = None,
        time_base: Fraction | None = None,
        pixel_aspect: Fraction = Fraction(1),
        audio_from: str | Place | None = None,
        audio_clock: Clock | None = None,
    ) -> None:
        """Set the parameters; the file is opened on entering the block.

        Args:
            path: the mp4 to write.
            size: (height, width) of the frames.
            fps: frames per second, on average where `times` are given.
            times: start of each frame in seconds, ascending; by default evenly by `fps`.
            last: duration of the last frame in seconds; by default 1 / fps.
            time_base: unit of which all times are multiples, so that they stay exact.
            pixel_aspect: width over height of one pixel.
            audio_from: a file whose audio is kept.
            audio_clock: map from that file's clock to seconds after frame 0; by default the same.
        """
        self.path = Path(path)
        self.size = size
        self._rate = Fraction(fps).limit_denominator(10_000)
        self._times = times
        self._last = float(last or 1 / self._rate)
        if times is None:
            unit = Fraction(1, self._rate.numerator)
        else:
            unit = Fraction(1, (time_base or Fraction(1, 90_000)).denominator)
        self._unit = unit
        self._aspect = pixel_aspect
        if isinstance(audio_from, str):
            audio_from = Path(audio_from)
        self._audio = None if audio_from is None else (audio_from, audio_clock or Clock())
        self._written = self._muxed = 0

    @classmethod
    def like(
        cls, video: Video, path: str | Path, size: tuple[int, int] | None = None
    ) -> VideoWriter:
        """Make a writer with the times, pixel aspect and audio of a video, and its size or another.

        size: (height, width).
        """
        return cls(
            path,
            size or video.size,
            video.fps,
            times=video.times,
            last=video.durations[-1],
            time_base=video.time_base,
            pixel_aspect=video.pixel_aspect,
            audio_from=video.place if video.has_audio else None,
            audio_clock=video.clock,
        )

    def __enter__(self) -> VideoWriter:
        """Open the file. Raises OutputError where it cannot be created."""
        try:
            handle, name = tempfile.mkstemp(
                prefix=f".{self.path.name[:100]}.", suffix=".mp4", dir=self.path.parent
            )
            os.close(handle)
        except OSError as error:
            raise _cannot(self.path, error) from None
        self._part = Path(name)
        self._sound: Sound | None = None
        try:
            self._container = av.open(
                f"file:{name}", "w", format="mp4", options={"movflags": "faststart"}
            )
            self._stream = self._add_stream()
            if self._audio is not None:
                end = float("inf") if self._times is None else self._times[-1] + self._last
                self._sound = Sound(*self._audio, end, self._container)
        except BaseException as error:
            self._part.unlink(missing_ok=True)
            if isinstance(error, (OSError, av.error.FFmpegError)):
                raise _cannot(self.path, error) from None
            raise
        return self

    def write(self, rgb: NDArray[np.uint8]) -> None:
        """Add the next frame, uint8 H*W*3. Raises OutputError where it cannot be stored."""
        if rgb.shape != (*self.size, 3):
            raise ValueError(f"frame is {rgb.shape}, the video is {self.size}")
        height, width = self.size
        even = np.ascontiguousarray(rgb)
        if height % 2 or width % 2:
            even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_numpy_buffer(even, format="rgb24")
        lines = "ITU709" if height >= _HD_LINES else "ITU601"
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=lines, src_color_range="JPEG", dst_color_range="MPEG"
        )
        number = self._written
        frame.pts, frame.time_base = self._stamp(number), self._unit
        self._written += 1
        try:
            if self._sound is not None:
                self._sound.write_until(float(frame.pts * self._unit))
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
                if not self._written:
                    raise ValueError("no frame was written")
                self._mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.write_until(float("inf"))
                self._container.close()
                self._publish()
        except (OSError, av.error.FFmpegError) as problem:
            raise _cannot(self.path, problem) from None
        finally:
            self._abandon()

    def _add_stream(self) -> Any:
        name = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream: Any = self._container.add_stream(name, rate=self._rate)
        context = stream.codec_context
        height, width = self.size
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuv420p"
        context.sample_aspect_ratio = self._aspect
        context.color_range = _VIDEO_RANGE
        context.colorspace = _BT709 if height >= _HD_LINES else _BT601
        if name == "libx264":
            # Without B-frames the file starts at 0 with no edit list, which not all players read.
            context.options = {"preset": "veryfast", "crf": "20", "bf": "0"}
        else:
            context.options = {"qmin": "2", "qmax": "6"}
            if self._unit.denominator > _MPEG4_UNITS:
                self._unit = Fraction(1, _MPEG4_UNITS)
        context.time_base = stream.time_base = self._unit
        return stream

    def _stamp(self, number: int) -> int:
        """Start of a frame in units; past the last frame, its end."""
        if self._times is None:
            return round(number / self._rate / self._unit)
        if number < len(self._times):
            return round(Fraction(self._times[number]) / self._unit)
        return round(Fraction(self._times[-1] + self._last) / self._unit)

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._stamp(self._muxed + 1) - self._stamp(self._muxed)
            self._muxed += 1
            self._container.mux(packet)

    def _publish(self) -> None:
        mask = os.umask(0)
        os.umask(mask)
        self._part.chmod(0o666 & ~mask)
        self._part.replace(self.path)

    def _abandon(self) -> None:
        """Close what is open and remove the part file, if it is still there."""
        if self._sound is not None:
            self._sound.close()
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError):
            pass
        finally:
            self._part.unlink(missing_ok=True)


def _cannot(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"'{path}' cannot be written: {reason}; choose another place or make room.")
