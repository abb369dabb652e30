"""The figures of one answer about one sample, frame by frame: no video of masks is ever held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.evaluation.masks import score_masks
from momentvos.evaluation.moments import mean, temporal_iou, top1
from momentvos.evaluation.scores import ExpressionScore
from momentvos.masklet import Masklet
from momentvos.prediction import Prediction

if TYPE_CHECKING:
    from momentvos.moment import Moment


def judge(sample: Sample, answer: Prediction | Masklet, moments: bool = True) -> ExpressionScore:
    """J and F over all frames of the video, inside and outside the moment, and the moment's tIoU.

    answer: masks alone say nothing of the moment. moments: whether the answer's moment is its
    own; one that was given to it earns nothing. Raises DataError where the truth is broken, or
    the answer is of another size.
    """
    masklet = answer.masklet if isinstance(answer, Prediction) else answer
    if masklet.size != sample.size:
        raise DataError(
            f"The answer is {masklet.size[1]} x {masklet.size[0]} pixels, the video "
            f"'{sample.video_id}' {sample.size[1]} x {sample.size[0]}."
        )
    j, f = np.ones(sample.length), np.ones(sample.length)
    answered = set(masklet.frames())
    for frame in range(sample.length):
        truth = sample.masks([frame])[:, 0].any(axis=0) if sample.targets else None
        if truth is None or not truth.any():
            j[frame] = f[frame] = float(frame not in answered)
            continue
        scores = score_masks(truth, masklet.get(frame))
        j[frame], f[frame] = scores.j, scores.f
    within = np.array(sample.moment.flags(sample.length))
    jf, asked = (j + f) / 2, bool(sample.targets)
    found: Moment | None = None
    curve: tuple[float, ...] = ()
    if isinstance(answer, Prediction) and moments:
        found, curve = answer.moment, answer.relevance
    return ExpressionScore(
        video=sample.video_id,
        expression=sample.expression_id,
        sentence=sample.sentence,
        kind=sample.kind,
        target=asked,
        found=answer.found if isinstance(answer, Prediction) else bool(masklet),
        j=float(j.mean()),
        f=float(f.mean()),
        inside=mean(jf[within].tolist()) if asked else None,
        outside=mean(jf[~within].tolist()) if asked else None,
        top1=top1(curve, sample.moment) if asked and curve else None,
        tiou=temporal_iou(sample.moment, found) if asked and found is not None else None,
    )
