"""Frame sampling for the language model: the first frames, or uniform ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Anchors:
    """Sampled frames, ascending and unique, and which of them is the centre of the moment.

    centre: index into `frames`, or None where there is no centre.
    """

    frames: tuple[int, ...]
    centre: int | None = None


def first(length: int, count: int) -> Anchors:
    """The first frames (Sa2VA); propagation starts at the very first."""
    return Anchors(tuple(range(min(length, count))), 0)


def uniform(length: int, count: int, centre: int | None = None) -> Anchors:
    """Frames at equal distances, both ends included (Sa2VA-i)."""
    frames = np.linspace(0, length - 1, min(length, count), dtype=int)
    return Anchors(tuple(int(frame) for frame in frames), centre)
