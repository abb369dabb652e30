"""Moments and masks in one figure (M&M): the project's own joint benchmark.

Of one sentence about something, with P_t the answer's mask of frame t, G_t the union of the true
masks of its targets, M+ the true moment and M the answer's:

    quality = sum of J&F_t over M+ and M  /  (frames in M+ or M  +  sum of w_t over all others)
    w_t     = pixels of P_t outside of G_t / pixels of P_t, 0 where nothing is segmented

A frame counts by its masks where it is rightly claimed, as 0 where it is missed or wrongly claimed,
and as 0 by the wrong share of its mask where something else is segmented outside of both moments.
Masks of the target itself are neither wanted nor punished there. With w_t = 0 and J in place of J&F
it is vIoU of spatio-temporal grounding. A sentence about nothing earns 1 where it is refused, else
0. docs/joint-benchmark.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from momentvos.data.sample import Sample
from momentvos.evaluation.moments import mean, presence, temporal_iou
from momentvos.evaluation.rle import Rle, encoded
from momentvos.evaluation.scores import ExpressionScore
from momentvos.masklet import Masklet
from momentvos.moment import Moment

QUALITY, FALSE, TIOU = "quality", "false_outside", "claimed_tiou"
JOINT = (QUALITY, FALSE, TIOU)
"""What `joint_scores` gives, as an `ExpressionScore` keeps it in `extra`."""


def claimed(masklet: Masklet, length: int) -> Moment:
    """The moment of an answer that names none: the frames in which it segments something."""
    return Moment.from_frames(masklet.frames()).clip(length)


def joint_scores(
    sample: Sample, masklet: Masklet, moment: Moment, jf: Sequence[float]
) -> dict[str, float]:
    """Of a sentence with a target and a known moment; see the module.

    masklet, moment: the answer, both empty where it is "not found". jf: J&F of the frames that
    count. false_outside is the mean of w_t over M-, left out where the moment is the whole video.
    """
    frames = list(sample.counted)
    truth = np.array(sample.moment.flags(sample.length), bool)[frames]
    claim = np.array(moment.flags(sample.length), bool)[frames]
    wrong = np.array([wrong_share(sample.rle(n), masklet.rle(n)) for n in frames])
    beside = float(wrong[~truth & ~claim].sum())
    counted = int(np.count_nonzero(truth | claim)) + beside
    earned = float(np.asarray(jf, float)[truth & claim].sum())
    scores = {
        QUALITY: earned / counted if counted else 1.0,
        TIOU: temporal_iou(sample.moment, moment),
    }
    if not truth.all():
        scores[FALSE] = float(wrong[~truth].mean())
    return scores


def wrong_share(truth: Rle | None, found: Rle | None) -> float:
    """w_t: share of a mask's pixels that are not the truth's; 0 of no mask. None: no pixel."""
    from pycocotools import mask as coco

    if found is None:
        return 0.0
    pixels = int(coco.area(encoded(found)))
    if truth is None or not pixels:
        return float(bool(pixels))
    both = coco.merge([encoded(truth), encoded(found)], intersect=True)
    return 1.0 - int(coco.area(both)) / pixels


def moments_and_masks(rows: Sequence[ExpressionScore]) -> dict[str, float | None]:
    """M&M, the mean over all sentences, and what it is made of.

    quality: its mean over sentences with a target. The others as in their names; "false in M-" is
    better low. Everything is None where the moments were not the answers' own.
    """
    targets = [row for row in rows if row.target and (QUALITY in row.extra)]
    if any(row.target for row in rows) and not targets:
        rows = []
    nothing = [row for row in rows if not row.target]
    shares = presence([row.target for row in rows], [row.found for row in rows])
    earned = [row.extra[QUALITY] for row in targets]
    return {
        "M&M": mean([*earned, *(float(not row.found) for row in nothing)]),
        "quality": mean(earned),
        "J&F in M+": mean(row.inside for row in targets),
        "false in M-": mean(row.extra.get(FALSE) for row in targets),
        "tIoU": mean(row.extra[TIOU] for row in targets),
        "T-acc": shares.target_accuracy,
        "N-acc": shares.no_target_accuracy,
    }
