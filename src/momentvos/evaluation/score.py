"""The metrics of one answer about one expression, frame by frame: no video of masks is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.evaluation.consistency import temporal_consistency
from momentvos.evaluation.images import overlap
from momentvos.evaluation.joint import claimed, joint_scores
from momentvos.evaluation.longrvos import tube_overlap
from momentvos.evaluation.masks import score_rle
from momentvos.evaluation.moments import mean, temporal_iou, top1
from momentvos.evaluation.scores import ExpressionScore
from momentvos.masklet import Masklet
from momentvos.moment import Moment


class Answer(Protocol):
    """What is read of a Prediction. relevance: one value 0..1 a frame, or none at all.

    presence: how sure it is that the target occurs, 0..1; None where the answerer does not say.
    """

    @property
    def found(self) -> bool: ...
    @property
    def masklet(self) -> Masklet: ...
    @property
    def moment(self) -> Moment: ...
    @property
    def relevance(self) -> Sequence[float]: ...
    @property
    def presence(self) -> float | None: ...


def score(
    sample: Sample, answer: Answer | Masklet, moments: bool = True, extra: bool = True
) -> ExpressionScore:
    """J and F over all frames, inside and outside the moment, and the tIoU of the moment.

    answer: masks alone say nothing of the moment; "not found" voids both masks and moment.
    moments: whether the answer's moment is its own; one that was given to it earns nothing. A
    moment counts only where the data set annotates one. extra: also what some protocols need: of
    pictures the pixels of intersection and union; of videos the temporal consistency, the overlap
    of the frames with masks, and of moments and masks together (`joint`), where masks alone claim
    the frames they are in. Raises DataError where the truth is broken, or the answer is of another
    size.
    """
    prediction = None if isinstance(answer, Masklet) else answer
    masklet = answer if isinstance(answer, Masklet) else answer.masklet
    if masklet.size != sample.size:
        raise DataError(
            f"The answer is {masklet.size[1]} x {masklet.size[0]} pixels, the video "
            f"'{sample.video_id}' {sample.size[1]} x {sample.size[0]}."
        )
    found = bool(masklet) if prediction is None else prediction.found
    if not found:
        masklet = Masklet(sample.size)
    pairs = [score_rle(sample.rle(n), masklet.rle(n)) for n in sample.counted]
    jf = [(j + f) / 2 for j, f in pairs]
    target = bool(sample.targets)
    timed = target and sample.timed
    flags = sample.moment.flags(sample.length)
    within = [flags[n] for n in sample.counted]
    timing = prediction if moments and timed else None
    moment = timing.moment if timing and found else Moment.empty()
    joint = {}
    if extra and moments and timed:
        claim = claimed(masklet, sample.length) if prediction is None else moment
        joint = joint_scores(sample, masklet, claim, jf)
    return ExpressionScore(
        video=sample.video_id,
        expression=sample.expression_id,
        sentence=sample.sentence,
        kind=sample.kind,
        target=target,
        found=found,
        j=float(np.mean([j for j, _ in pairs])),
        f=float(np.mean([f for _, f in pairs])),
        inside=mean(v for v, there in zip(jf, within, strict=True) if there) if timed else None,
        outside=mean(v for v, there in zip(jf, within, strict=True) if not there)
        if timed
        else None,
        top1=top1(timing.relevance, sample.moment) if timing and timing.relevance else None,
        tiou=temporal_iou(sample.moment, moment) if timing else None,
        presence=None if prediction is None else prediction.presence,
        extra={**_extra(sample, masklet, pairs), **joint} if extra else {},
    )


def _extra(
    sample: Sample, masklet: Masklet, pairs: Sequence[tuple[float, float]]
) -> dict[str, float]:
    extra = tube_overlap(sample, masklet, [j for j, _ in pairs])
    if sample.length == 1:
        return extra | _pixels(sample, masklet)
    consistency = temporal_consistency([masklet.rle(n) for n in range(sample.length)])
    return extra if consistency is None else {**extra, "consistency": consistency}


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
