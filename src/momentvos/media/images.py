"""Image files as a video: one image, or a folder of images in natural order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.clock import Clock
from momentvos.media.folder import pictures_of
from momentvos.media.frame_rate import frame_rate
from momentvos.media.still import Still

_MEASURED = 9
"""Pictures of a folder, evenly spread, whose values are looked at to find white."""


class ImageSource:
    """Image files of one size, at a constant frame rate."""

    has_audio = False
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, paths: list[Path], fps: Fraction, is_image: bool = False) -> None:
        """Read the headers. Raises VideoError for what cannot be read, or sizes that differ."""
        self.is_image = is_image
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
        self._whites = _common_whites(self._stills)
        self.notes = _notes(self._stills, self._whites)

    @classmethod
    def open(cls, path: Path, fps: float) -> ImageSource:
        """Open an image file (one frame, one second) or a folder of images. Raises VideoError."""
        if not path.is_dir():
            return cls([path], Fraction(1), is_image=True)
        paths, notes = pictures_of(path)
        source = cls(paths, frame_rate(fps))
        source.notes += notes
        return source

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given frames. Raises VideoError for a damaged image."""
        for index in indices:
            still = self._stills[index]
            yield index, still.rgb(self._whites.get(still.samples))


def _common_whites(stills: list[Still]) -> dict[Any, float | None]:
    """The whites that deep pictures share, see `depth`, by the kind of their samples."""
    groups: dict[Any, list[Still]] = defaultdict(list)
    for still in stills:
        if still.deep:
            groups[still.samples].append(still)
    return {samples: _common_white(group) for samples, group in groups.items()}


def _common_white(deep: list[Still]) -> float | None:
    """The white of pictures whose samples are alike; None where all are black."""
    whites = [still.white for still in deep if still.white is not None]
    open_ones = [still for still in deep if still.white is None]
    if open_ones:
        places = {round(k * (len(open_ones) - 1) / (_MEASURED - 1)) for k in range(_MEASURED)}
        whites += [open_ones[place].measured_white() for place in sorted(places)]
    return max(whites, default=0.0) or None


def _notes(stills: list[Still], whites: dict[Any, float | None]) -> list[str]:
    notes = []
    if len(stills) == 1 and stills[0].pictures() > 1:
        notes.append("the file holds several pictures: only the first is used")
    for white in sorted({white for white in whites.values() if white is not None}):
        if white not in (1.0, 255.0, 65535.0):
            notes.append(f"deep pictures: the value {white:.10g} is taken for white")
    mapped = {still.colours.note for still in stills if still.colours is not None}
    return notes + sorted(mapped)
