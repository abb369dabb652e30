"""Which frames scores speak for."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median as middle

from momentvos.moment import Moment

TOP_K = 4
"""Frames that are chosen by default (TGL Table 4)."""
MEDIAN = 3
"""Width of the median filter on relevance, in frames, where no configuration says otherwise."""


def top_k(scores: Sequence[float], k: int) -> list[int]:
    """Places of the k highest scores, best first; of equals the earlier. All where k is more."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:k]


def spread(frames: Sequence[int], k: int) -> list[int]:
    """k of the frames, evenly: the middle ones of k equal parts. All where k is more."""
    if k >= len(frames):
        return list(frames)
    return [frames[(2 * part + 1) * len(frames) // (2 * k)] for part in range(k)]


def rescale(scores: Sequence[float]) -> list[float]:
    """Scores of any range as 0..1, lowest to highest; all 1 where they are equal."""
    low, high = min(scores), max(scores)
    if high <= low:
        return [1.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def keyframes(relevance: Sequence[float], moment: Moment, k: int = TOP_K) -> tuple[int, ...]:
    """The k most relevant frames of a moment, best first; evenly spread where none stands out."""
    frames = moment.frames()
    values = [relevance[frame] for frame in frames]
    if len(set(values)) == 1:
        return tuple(spread(frames, k))
    return tuple(frames[place] for place in top_k(values, k))


def moment_of(curve: Sequence[float], threshold: float, median: int) -> Moment:
    """The frames whose median-filtered relevance exceeds the threshold, at least the best one.

    Args:
        curve: relevance per frame, 0..1.
        threshold: 0..1.
        median: width of the filter in frames, odd; 1 filters nothing.
    """
    half = median // 2
    padded = [curve[0]] * half + list(curve) + [curve[-1]] * half
    flags = [middle(padded[k : k + median]) > threshold for k in range(len(curve))]
    if not any(flags):
        flags[top_k(curve, 1)[0]] = True
    return Moment.from_flags(flags)
