"""The figures of one answer about one sample, frame by frame: no video of masks is ever held."""

from __future__ import annotations

import numpy as np

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.evaluation.consistency import temporal_consistency
from momentvos.evaluation.images import overlap
from momentvos.evaluation.masks import score_rle
from momentvos.evaluation.moments import mean, temporal_iou, top1
from momentvos.evaluation.scores import ExpressionScore
from momentvos.masklet import Masklet
from momentvos.results.prediction import Prediction


def judge(sample: Sample, answer: Prediction | Masklet, moments: bool = True) -> ExpressionScore:
    """J and F over all frames, inside and outside the moment, and the tIoU of the moment.

    answer: masks alone say nothing of the moment. moments: whether the answer's moment is its
    own; one that was given to it earns nothing. A moment counts only where the data set tells
    one. Pictures have the pixels of intersection and union as further figures, videos the
    temporal consistency. Raises DataError where the truth is broken, or the answer is of another
    size.
    """
    masklet = answer.masklet if isinstance(answer, Prediction) else answer
    if masklet.size != sample.size:
        raise DataError(
            f"The answer is {masklet.size[1]} x {masklet.size[0]} pixels, the video "
            f"'{sample.video_id}' {sample.size[1]} x {sample.size[0]}."
        )
    pairs = [score_rle(sample.rle(n), masklet.rle(n)) for n in range(sample.length)]
    asked, timed = bool(sample.targets), bool(sample.targets) and sample.timed
    within = sample.moment.flags(sample.length)
    jf = [(j + f) / 2 for j, f in pairs]
    said = answer if isinstance(answer, Prediction) and moments and timed else None
    return ExpressionScore(
        video=sample.video_id,
        expression=sample.expression_id,
        sentence=sample.sentence,
        kind=sample.kind,
        target=asked,
        found=answer.found if isinstance(answer, Prediction) else bool(masklet),
        j=float(np.mean([j for j, _ in pairs])),
        f=float(np.mean([f for _, f in pairs])),
        inside=mean(v for v, there in zip(jf, within, strict=True) if there) if timed else None,
        outside=mean(v for v, there in zip(jf, within, strict=True) if not there)
        if timed
        else None,
        top1=top1(said.relevance, sample.moment) if said and said.relevance else None,
        tiou=temporal_iou(sample.moment, said.moment) if said else None,
        extra=_pixels(sample, masklet) if sample.length == 1 else _steadiness(sample, masklet),
    )


def _pixels(sample: Sample, masklet: Masklet) -> dict[str, float]:
    """What gIoU and cIoU are made of; see `images.Overlap`."""
    truth = Masklet(sample.size)
    if sample.targets:
        truth.set(0, sample.masks([0])[:, 0].any(axis=0))
    one = overlap(truth.get(0), masklet.get(0), sample.ignored([0])[0])
    return {
        "intersection": one.intersection,
        "union": one.union,
        "target": float(one.target),
        "found": float(one.found),
    }


def _steadiness(sample: Sample, masklet: Masklet) -> dict[str, float]:
    steady = temporal_consistency([masklet.rle(n) for n in range(sample.length)])
    return {} if steady is None else {"consistency": steady}
