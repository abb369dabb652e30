"""Selection of frames by their scores."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.moment import Moment, midpoints

TOP_K = 4
"""Frames that are chosen by default (TGL Table 4)."""


def top_k(scores: Sequence[float], k: int) -> list[int]:
    """Places of the k highest scores, best first; of equals the earlier. All where k is more."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:k]


def rescale(scores: Sequence[float]) -> list[float]:
    """Scores of any range as 0..1, lowest to highest; all 1 where they are equal."""
    low, high = min(scores), max(scores)
    if high <= low:
        return [1.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def keyframes(relevance: Sequence[float], moment: Moment, k: int = TOP_K) -> tuple[int, ...]:
    """The k most relevant frames of a moment, best first; evenly spread where all are equal."""
    frames = moment.frames()
    values = [relevance[frame] for frame in frames]
    if len(set(values)) == 1:
        return tuple(midpoints(frames, k))
    return tuple(frames[place] for place in top_k(values, k))
