"""Frame sampling for the language model: a stride through the video that meets one frame."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from momentvos.moment import Moment


def aligned(length: int, near: int, count: int = 12) -> tuple[int, ...]:
    """Every k-th frame, `near` among them, where k = ceil(length / (count - 1)).

    Args:
        length: frames of the video.
        near: frame that must be sampled; the released code takes the one most similar to the
            sentence by CLIP.
        count: most frames; 1 gives `near` alone.
    """
    if count == 1:
        return (near,)
    stride = ceil(length / (count - 1))
    return tuple(range(near % stride, length, stride))


def nearest(length: int, moment: Moment | None, relevance: Sequence[float] | None) -> int:
    """The frame to align with.

    The first of the most relevant frames where there is a curve, else the middle of the moment's
    longest span (its first one, of equals), else the middle of the video.

    Args:
        length: frames of the video.
        moment: M+, or None.
        relevance: one value a frame, or None.
    """
    if relevance is not None:
        return max(range(length), key=relevance.__getitem__)
    spans = moment.clip(length).spans if moment is not None else ()
    if not spans:
        return length // 2
    first, last = max(spans, key=lambda span: span[1] - span[0])
    return (first + last) // 2
