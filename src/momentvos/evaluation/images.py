"""Overlap of single masks: gIoU and cIoU of ReasonSeg, RefCOCO and gRefCOCO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from momentvos.evaluation.moments import mean, presence


@dataclass(frozen=True)
class Overlap:
    """Pixels of truth and prediction: their intersection and union.

    target, found: whether the truth and the prediction have any pixel at all.
    """

    intersection: int
    union: int
    target: bool = True
    found: bool = True

    @property
    def iou(self) -> float:
        """0..1; 1 where both are empty."""
        return self.intersection / self.union if self.union else 1.0


def overlap(truth: ArrayLike, prediction: ArrayLike, ignore: ArrayLike | None = None) -> Overlap:
    """Of two masks [H, W]; any nonzero value is foreground.

    ignore: bool [H, W], pixels that count for neither (255 in ReasonSeg's truth). Raises
    ValueError where the shapes differ.
    """
    one, other = np.asarray(truth) != 0, np.asarray(prediction) != 0
    if one.shape != other.shape:
        raise ValueError(f"a mask of shape {other.shape} cannot answer one of {one.shape}")
    if ignore is not None:
        kept = ~np.asarray(ignore, bool)
        one, other = one & kept, other & kept
    both, either = int(np.count_nonzero(one & other)), int(np.count_nonzero(one | other))
    return Overlap(both, either, bool(one.any()), bool(other.any()))


def lisa(items: Sequence[Overlap]) -> dict[str, float | None]:
    """gIoU and cIoU, 0..1, with the small constants of LISA's meters (ReasonSeg, RefCOCO).

    gIoU: sum of I / (U + 1e-5), or 1 where U = 0, over N + 1e-5. cIoU: sum I / (sum U + 1e-10).
    LISA's own RefCOCO truth leaves out pixels that an object's polygons cover twice (they hold 2);
    whole truth gives slightly higher metrics.
    """
    if not items:
        return {"gIoU": None, "cIoU": None}
    single = [one.intersection / (one.union + 1e-5) + (one.union == 0) for one in items]
    both, either = sum(one.intersection for one in items), sum(one.union for one in items)
    return {"gIoU": sum(single) / (len(items) + 1e-5), "cIoU": both / (either + 1e-10)}


def refcoco(items: Sequence[Overlap], strict: bool = True) -> dict[str, float | None]:
    """oIoU (sum I / sum U), mIoU and P@0.5 .. P@0.9 over sentences, 0..1.

    strict: precision counts IoU > m (SAMWISE), else IoU >= m (ReLA).
    """
    either = sum(one.union for one in items)
    both = sum(one.intersection for one in items)
    metrics: dict[str, float | None] = {
        "oIoU": both / either if either else (1.0 if items else None),
        "mIoU": mean(one.iou for one in items),
    }
    for tenths in range(5, 10):
        m = tenths / 10
        hits = (float(one.iou > m if strict else one.iou >= m) for one in items)
        metrics[f"P@{m}"] = mean(hits)
    return metrics


def grefcoco(items: Sequence[Overlap]) -> dict[str, float | None]:
    """gRefCOCO (ReLA), 0..1: gIoU, cIoU, N-acc, T-acc and P@0.7, 0.8, 0.9 over targeted ones.

    A sentence without target earns IoU 1 if nothing is predicted, else 0, and then its prediction
    counts in cIoU's union; a missed target has no intersection.
    """
    asked = [one for one in items if one.target]
    either = sum(one.union for one in items)
    both = sum(one.intersection for one in items)
    shares = presence([one.target for one in items], [one.found for one in items])
    return {
        "gIoU": mean(one.iou for one in items),
        "cIoU": both / either if either else (1.0 if items else None),
        "N-acc": shares.no_target_accuracy,
        "T-acc": shares.target_accuracy,
        **{f"P@{m}": mean(float(one.iou >= m) for one in asked) for m in (0.7, 0.8, 0.9)},
    }
