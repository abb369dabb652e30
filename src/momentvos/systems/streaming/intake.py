"""Frames as they come into a stream: their pixels, size, number and time, checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ArgumentError, VideoError
from momentvos.media.frame import Frame, check_size
from momentvos.media.frame_pixels import pixels_of
from momentvos.ranges import shown


class Intake:
    """Numbers frames and dates them, in seconds after the first one.

    Attributes:
        size: (height, width) of all frames; None: not known yet.
        count: frames that have come.

    Args:
        name: of the stream, for messages.
        fps: frames a second, where frames say no time.
        size: as of the attribute.
    """

    def __init__(self, name: str, fps: float, size: tuple[int, int] | None) -> None:
        self._name, self._fps, self.size = name, fps, size
        self.count = 0
        self._times: dict[int, float] = {}
        self._origin = 0.0

    def take(self, frame: Any, time: float | None) -> NDArray[np.uint8]:
        """The pixels of the next frame, uint8 [H, W, 3].

        Raises VideoError for what is no frame or of another size, ArgumentError for a time that
        does not follow the one before.
        """
        rgb = pixels_of(frame, self.count)
        self._check_size((rgb.shape[0], rgb.shape[1]))
        if time is None and isinstance(frame, Frame):
            time = frame.time
        self._times[self.count] = self._time(time)
        self.count += 1
        return rgb

    def time(self, frame: int) -> float:
        """Start of a frame that is not forgotten."""
        return self._times[frame]

    def forget(self, before: int) -> None:
        """Forget the times of frames before one, but the latest."""
        for frame in list(self._times):
            if frame >= min(before, self.count - 1):
                break
            del self._times[frame]

    def _check_size(self, size: tuple[int, int]) -> None:
        if self.size is None:
            check_size(self._name, *size)
            self.size = size
        if size != self.size:
            height, width = self.size
            before = "frame 0 is" if self.count else "they were to be"
            raise VideoError(
                f"Frame {self.count} is {size[1]} x {size[0]} pixels, but {before} {width} x "
                f"{height}; all frames of a stream must be alike: scale it, or begin another "
                "stream."
            )

    def _time(self, time: float | None) -> float:
        before = self._times.get(self.count - 1)
        if time is None:
            regular = self.count / self._fps
            return regular if before is None or before < regular else before + 1 / self._fps
        if isinstance(time, bool) or not isinstance(time, int | float | np.number):
            raise ArgumentError(f"The time of a frame is in seconds, not {shown(time)}.")
        if not math.isfinite(time):
            raise ArgumentError(f"The time of frame {self.count} is {time}.")
        if before is None:
            self._origin = float(time)
        made = float(time) - self._origin
        if before is not None and made <= before:
            raise ArgumentError(
                f"The time of frame {self.count}, {float(time):g} s, does not follow that of the "
                f"frame before it, {before + self._origin:g} s."
            )
        return made
