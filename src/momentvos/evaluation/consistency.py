"""Temporal consistency: how steadily an object is segmented from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from momentvos.evaluation.moments import mean
from momentvos.evaluation.rle import Rle, empty, encoded


def temporal_consistency(masks: Sequence[Rle | None]) -> float | None:
    """Mean IoU of the masks of neighbouring frames, 0..1, over pairs of which one is not empty.

    None is an empty mask. None where no pair counts. Blind to the truth: compare it with the
    figure of the true masks, since objects move.
    """
    from pycocotools import mask as coco

    found: list[float] = []
    for one, other in pairwise(masks):
        some = one or other
        if some is None:
            continue
        pair = [encoded(rle or empty(some["size"])) for rle in (one, other)]
        if coco.area(pair).any():
            found.append(float(coco.iou(pair[:1], pair[1:], [0])[0, 0]))
    return mean(found)
