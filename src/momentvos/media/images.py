"""Image files as a video: one image, or a folder of images in natural order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.clock import Clock
from momentvos.media.folder import pictures_of
from momentvos.media.still import Still

_MEASURED = 9
"""Pictures of a folder, evenly spread, whose values are looked at to find white."""


class ImageSource:
    """Image files of one size, at a constant frame rate."""

    has_audio = False
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, paths: list[Path], fps: Fraction) -> None:
        """Read the headers. Raises VideoError for what cannot be read, or sizes that differ."""
        self.fps = float(fps)
        self.time_base = 1 / fps
        self.times = [float(number / fps) for number in range(len(paths))]
        self.durations = [float(1 / fps)] * len(paths)
        self._stills = [Still.open(path) for path in paths]
        self.size = size = self._stills[0].size
        for still in self._stills:
            if still.size != size:
                raise VideoError(
                    f"'{still.path}' is {still.size[1]} x {still.size[0]} pixels, but "
                    f"'{paths[0].name}' is {size[1]} x {size[0]}; all pictures of a folder must "
                    "be alike."
                )
        self._white = _common_white(self._stills)
        self.notes = _notes(self._stills, self._white)

    @classmethod
    def open(cls, path: Path, fps: float) -> ImageSource:
        """Open an image file (one frame, one second) or a folder of images. Raises VideoError."""
        if not path.is_dir():
            return cls([path], Fraction(1))
        paths, notes = pictures_of(path)
        source = cls(paths, Fraction(fps).limit_denominator(100_000))
        source.notes += notes
        return source

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given frames. Raises VideoError for a damaged image."""
        for index in indices:
            yield index, self._stills[index].rgb(self._white)


def _common_white(stills: list[Still]) -> float | None:
    """The white that deep pictures share, see `depth`; None where there are none."""
    deep = [still for still in stills if still.deep]
    whites = [still.white for still in deep if still.white is not None]
    open_ones = [still for still in deep if still.white is None]
    if open_ones:
        places = {round(k * (len(open_ones) - 1) / (_MEASURED - 1)) for k in range(_MEASURED)}
        whites += [open_ones[place].measured_white() for place in sorted(places)]
    return max(whites, default=0.0) or None


def _notes(stills: list[Still], white: float | None) -> list[str]:
    notes = []
    if len(stills) == 1 and stills[0].pictures() > 1:
        notes.append("the file holds several pictures: only the first is used")
    if white is not None and white not in (1.0, 255.0, 65535.0):
        notes.append(f"deep pictures: the value {white:.10g} is taken for white")
    mapped = {still.colours.note for still in stills if still.colours is not None}
    return notes + sorted(mapped)
