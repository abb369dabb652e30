"""A video that is already in memory, with the manner of `momentvos.media.Video`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from momentvos.media import Frame


class ArrayVideo:
    """Frames in memory that a model reads as it reads a file.

    rgb: uint8 [T, H, W, 3]. fps: frames per second, constant. name: shown in place of a path.
    Raises ValueError for an array of another form or a rate that is not above zero.
    """

    has_audio = False

    def __init__(self, rgb: NDArray[Any], fps: float, name: str = "memory") -> None:
        if rgb.ndim != 4 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
            raise ValueError(f"frames must be uint8 [T, H, W, 3], not {rgb.dtype} {rgb.shape}")
        if fps <= 0:
            raise ValueError(f"a video cannot run at {fps} frames per second")
        self._rgb = rgb
        self.path = name
        self.fps = float(fps)
        self.size: tuple[int, int] = (rgb.shape[1], rgb.shape[2])
        self.times: list[float] = [frame / self.fps for frame in range(len(rgb))]
        self.durations: list[float] = [1 / self.fps] * len(rgb)
        self.notes: list[str] = []

    def __len__(self) -> int:
        return len(self._rgb)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames `start` up to, without, `stop`."""
        return self.read(range(len(self))[start:stop])

    def read(self, indices: Iterable[int]) -> Iterator[Frame]:
        """The frames of the given numbers, in their order."""
        from momentvos.media import Frame

        for index in indices:
            yield Frame(index=index, time=self.times[index], rgb=self._rgb[index])
