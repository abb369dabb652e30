"""Videos from frames in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.media.clock import Clock
from momentvos.media.video import Video


class ArrayVideo(Video):
    """A `Video` of frames in memory.

    rgb: uint8 [T, H, W, 3]. fps: frames per second, constant. name: stands in for the path.
    Raises ValueError for an array of another shape or type, or a rate that is not positive.
    """

    def __init__(self, rgb: NDArray[Any], fps: float, name: str = "memory") -> None:
        super().__init__(Path(name), _ArraySource(rgb, fps))


class _ArraySource:
    has_audio = False
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, rgb: NDArray[Any], fps: float) -> None:
        if rgb.ndim != 4 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
            raise ValueError(f"frames must be uint8 [T, H, W, 3], not {rgb.dtype} {rgb.shape}")
        if fps <= 0:
            raise ValueError(f"a video cannot run at {fps} frames per second")
        self._rgb = rgb
        self.size: tuple[int, int] = (rgb.shape[1], rgb.shape[2])
        self.fps = float(fps)
        self.time_base = 1 / Fraction(fps)
        self.times = [frame / self.fps for frame in range(len(rgb))]
        self.durations = [1 / self.fps] * len(rgb)
        self.notes: list[str] = []

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        for index in indices:
            yield index, self._rgb[index]
