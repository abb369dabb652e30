"""Moment-Centric Sampling of frames for the language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.systems.sa2va.sampling import Anchors, uniform

Curve = NDArray[np.float64]


def moment_centric(
    relevance: Sequence[float],
    count: int = 8,
    window: int = 5,
    *,
    dedupe: bool = False,
    power: float = 1.0,
    floor: float = 0.0,
    precise: bool = False,
) -> Anchors:
    """Frames dense inside the moment and sparse outside it (MomentSeg).

    The centre is the middle of the window with the largest sum. The other frames go to its left
    and right in proportion to what lies there, and on each side to the quantiles of its
    cumulative relevance. Videos shorter than `count` give all their frames. As released, a frame
    that comes out twice makes the whole choice uniform.

    Args:
        relevance: one value of 0..1 a frame, smoothed.
        count: frames wanted.
        window: frames of the window.
        dedupe: move a frame that comes out twice to the nearest free one instead; not the paper's.
        power: the values taken count as ``max(p - floor, 0) ** power``; since an unrelated frame
            has about 0.5, the released sampling (1, 0) spends most frames outside short moments.
        floor: see `power`.
        precise: both sides are summed in 64 bits; else in 32, as released, which decides where
            neither side has more.
    """
    length = len(relevance)
    if length < count:
        return Anchors(tuple(range(length)))
    weights = np.maximum(np.asarray(relevance, dtype=np.float64) - floor, 0.0) ** power
    centre = _centre(weights, window)
    left, right = weights[:centre], weights[centre + 1 :]
    kind = np.float64 if precise else np.float32
    before = _share(
        left.astype(kind).sum(), right.astype(kind).sum(), len(left), len(right), count - 1
    )
    frames = [
        *_quantiles(left, before),
        centre,
        *(centre + 1 + place for place in _quantiles(right, count - 1 - before)),
    ]
    if len(set(frames)) == len(frames):
        return Anchors(tuple(frames), before)
    if not dedupe:
        return uniform(length, count)
    chosen = _spread(frames, centre, length)
    return Anchors(tuple(chosen), chosen.index(centre))


def _centre(weights: Curve, window: int) -> int:
    if len(weights) < window:
        return len(weights) // 2
    return int(np.argmax(np.convolve(weights, np.ones(window), mode="valid"))) + window // 2


def _share(
    left: np.floating[Any], right: np.floating[Any], before: int, after: int, count: int
) -> int:
    """How many of `count` frames go to the left, in proportion; in halves where both are empty."""
    if left + right > 0:
        return round(float(count * (left / (left + right))))
    return round(count * before / max(before + after, 1))


def _quantiles(weights: Curve, count: int) -> list[int]:
    """Places of the quantiles (i + 1/2) / count; at equal distances where all weights are 0."""
    if not count:
        return []
    total = weights.sum()
    if total == 0:
        return [int(place) for place in np.linspace(0, len(weights) - 1, count, dtype=int)]
    points = (np.arange(count) + 0.5) / count
    places = np.searchsorted(np.cumsum(weights / total), points)
    return [int(place) for place in np.minimum(places, len(weights) - 1)]


def _spread(frames: Sequence[int], centre: int, length: int) -> list[int]:
    """The same frames, each repeated one moved to the nearest free place, earlier on a tie."""
    taken = {centre}
    for frame in frames:
        if frame == centre:
            continue
        free = (place for place in range(length) if place not in taken)
        taken.add(min(free, key=lambda place: (abs(place - frame), place)))
    return sorted(taken)
