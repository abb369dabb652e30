"""Shot cuts and keyframes: where the detector looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from momentvos.media import Video

BINS = 8
"""Of each of three colours, in a histogram."""
CUT = 0.35
"""Least difference of histograms at a cut, 0..1."""
TIMES = 4.0
"""A cut differs by so many times as much as the frames around it do."""
AROUND = 6
"""Frames on either side that a difference is compared with."""
CELLS = 64
"""Most pixels of a side that histograms are made of."""


def cuts(video: Video, report: Callable[[int, int], None] | None = None) -> list[int]:
    """The first frames of all shots but the first, ascending.

    A cut is where colours change much at once, and much more than in the frames around: neither
    fast motion nor a flickering picture is one.
    """
    differences = [0.0]
    before: NDArray[np.float64] | None = None
    for frame in video.frames():
        now = _histogram(frame.rgb)
        if before is not None:
            differences.append(float(np.abs(now - before).sum()) / 2)
        before = now
        if report is not None:
            report(frame.index + 1, len(video))
    return [n for n in range(1, len(differences)) if _is_cut(differences, n)]


def keyframes(video: Video, seconds: float, cuts: Sequence[int]) -> list[int]:
    """Ascending frames for the detector: in each shot the first, and then one every so often.

    A shot's last frame is one too, unless it is near the one before: what enters late is seen.
    """
    chosen: list[int] = []
    borders = [0, *cuts, len(video)]
    for first, stop in pairwise(borders):
        due = video.times[first]
        for frame in range(first, stop):
            if video.times[frame] >= due - 1e-6:
                chosen.append(frame)
                due = video.times[frame] + seconds
        if video.times[stop - 1] - video.times[chosen[-1]] >= seconds / 2:
            chosen.append(stop - 1)
    return chosen


def _is_cut(differences: Sequence[float], number: int) -> bool:
    here = differences[number]
    low, high = max(number - AROUND, 1), number + AROUND + 1
    around = [*differences[low:number], *differences[number + 1 : high]]
    return here >= CUT and here >= TIMES * (median(around) if around else 0.0)


def _histogram(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of each colour's brightness, [3 * BINS], of sum 1.

    A value between the middles of two bins counts for both, so that a slow change is a steady one.
    """
    height, width = rgb.shape[:2]
    small = rgb[:: -(-height // CELLS), :: -(-width // CELLS)].reshape(-1, 3)
    places = small.astype(np.float64) * ((BINS - 1) / 255)
    low = np.minimum(places.astype(int), BINS - 2)
    index = (low + np.arange(3) * BINS).ravel()
    share = (places - low).ravel()
    counts = np.bincount(index, 1 - share, 3 * BINS) + np.bincount(index + 1, share, 3 * BINS)
    made: NDArray[np.float64] = counts / counts.sum()
    return made
