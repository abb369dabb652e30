"""Long-RVOS: J&F with how well the frames that show the target are told (tIoU) and filled (vIoU).

The official program (``eval/eval_long_rvos``) asks which frames have any mask at all, in the truth
and in the answer: tIoU is the overlap of these two sets, vIoU the sum of J over the frames in both
over the number in either. Both are 1 where neither has a mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.data.sample import Sample
from momentvos.evaluation.moments import mean
from momentvos.evaluation.scores import ExpressionScore
from momentvos.masklet import Masklet

KINDS = ("static", "dynamic", "hybrid")
TUBE = ("mask_tiou", "mask_viou")
"""What `tube_overlap` gives, as an `ExpressionScore` keeps it in `extra`."""


def tube_overlap(sample: Sample, masklet: Masklet, j: Sequence[float]) -> dict[str, float]:
    """tIoU and vIoU of the frames with masks. j: J of the frames that count."""
    shown = [sample.rle(n) is not None for n in sample.counted]
    found = [masklet.rle(n) is not None for n in sample.counted]
    either = sum(map(max, shown, found))
    both = [one for one, *pair in zip(j, shown, found, strict=True) if all(pair)]
    values = (len(both) / either, sum(both) / either) if either else (1.0, 1.0)
    return dict(zip(TUBE, values, strict=True))


def long_rvos(rows: Sequence[ExpressionScore]) -> dict[str, float | None]:
    """J, F, J&F, tIoU and vIoU over all expressions, then by type: static, dynamic, hybrid."""
    metrics = _means(rows)
    for kind in KINDS:
        part = _means([row for row in rows if row.kind == kind])
        metrics |= {f"{name} {kind}": part[name] for name in ("J&F", "tIoU", "vIoU")}
    return metrics


def _means(rows: Sequence[ExpressionScore]) -> dict[str, float | None]:
    j, f = mean(row.j for row in rows), mean(row.f for row in rows)
    return {
        "J": j,
        "F": f,
        "J&F": None if j is None or f is None else (j + f) / 2,
        "tIoU": mean(row.extra.get("mask_tiou") for row in rows),
        "vIoU": mean(row.extra.get("mask_viou") for row in rows),
    }
