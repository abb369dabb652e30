"""A source of frames in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.media.clock import Clock
from momentvos.media.frame_rate import frame_rate


class ArraySource:
    """Frames in memory, uint8 [H, W, 3] all of one size, at a constant rate."""

    has_audio = False
    in_memory = True
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], fps: Any) -> None:
        rate = frame_rate(fps)
        self._frames = frames
        self.size: tuple[int, int] = (frames[0].shape[0], frames[0].shape[1])
        self.fps = float(rate)
        self.time_base = 1 / rate
        self.times = [float(frame / rate) for frame in range(len(frames))]
        self.durations = [float(1 / rate)] * len(frames)
        self.notes: list[str] = []

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given frames."""
        for index in indices:
            yield index, self._frames[index]
