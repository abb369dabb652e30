"""Animated WebP, which FFmpeg does not read, by Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.clock import Clock
from momentvos.media.damage import opened_picture
from momentvos.media.pixels import over_black

_UNIT = Fraction(1, 1000)
_LEAST, _INSTEAD = 10, 100
"""Milliseconds: frames that state no more than the one take the other, as in browsers."""


class AnimationSource:
    """Frames of an animated WebP, laid over black, with the times of its headers."""

    has_audio = False
    clock = Clock()
    time_base = _UNIT
    pixel_aspect = Fraction(1)

    def __init__(self, path: Path) -> None:
        """Read the headers. Raises VideoError for a damaged file."""
        self.path = path
        self.notes: list[str] = []
        with opened_picture(path) as image:
            self.size = (image.height, image.width)
            steps = _durations(path)
            if not steps or len(steps) != getattr(image, "n_frames", 1):
                raise VideoError(f"'{path}' is damaged: its frames do not all have a header.")
        starts = [0, *accumulate(steps)]
        self.times = [float(start * _UNIT) for start in starts[:-1]]
        self.durations = [float(step * _UNIT) for step in steps]
        self.fps = float(len(steps) / (starts[-1] * _UNIT))

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given frames. Raises VideoError for a damaged one."""
        with opened_picture(self.path) as image:
            for index in indices:
                image.seek(index)
                yield index, over_black(np.asarray(image.convert("RGBA")))


def _durations(path: Path) -> list[int]:
    """Milliseconds of each frame: bytes 12 to 14 of its ANMF chunk (WebP container)."""
    steps = []
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            content = file.read(min(size, 16)) if head[:4] == b"ANMF" else b""
            if len(content) == 16:
                stated = int.from_bytes(content[12:15], "little")
                steps.append(stated if stated > _LEAST else _INSTEAD)
            file.seek(size + size % 2 - len(content), 1)
    return steps
