"""Moments and masks in one figure: by hand, and beside dense arithmetic on random answers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from momentvos.data.sample import Sample, Target
from momentvos.evaluation.joint import JOINT, joint_scores, moments_and_masks, wrong_share
from momentvos.evaluation.masks import score_masks
from momentvos.evaluation.protocols import protocol_metrics
from momentvos.evaluation.score import score
from momentvos.masklet import Masklet
from momentvos.moment import Moment

SIZE = (20, 30)


@dataclass(frozen=True)
class Drawn(Sample):
    """Truth in memory, bool [O, T, H, W]."""

    truth: np.ndarray = None

    def frames(self, indices):
        return np.zeros((len(indices), *self.size, 3), np.uint8)

    def masks(self, indices):
        return self.truth[:, list(indices)]


@dataclass(frozen=True)
class Given:
    found: bool
    masklet: Masklet
    moment: Moment
    relevance: tuple = ()
    presence: float | None = None


def square(left):
    mask = np.zeros(SIZE, bool)
    mask[5:15, left : left + 10] = True
    return mask


def sample(truth, spans, **parts):
    targets = (Target("a", Moment(spans)),) if truth is not None else ()
    length = len(truth) if truth is not None else 10
    truth = None if truth is None else np.asarray(truth)[None]
    return Drawn("v", "0", "a thing", "", length, SIZE, 8.0, targets, truth, **parts)


def answer(masks, spans, found=True):
    masklet = Masklet(SIZE)
    for number, mask in enumerate(masks):
        masklet.set(number, mask)
    return Given(found, masklet, Moment(spans))


TRUTH = [square(3)] * 10


def quality(masks, spans, truth=TRUTH, when=((2, 5),), **parts):
    return score(sample(truth, when), answer(masks, spans, **parts)).extra["quality"]


def test_the_truth_is_worth_one_with_and_without_masks_outside():
    assert quality(TRUTH, [(2, 5)]) == 1
    inside = [mask if 2 <= n <= 5 else square(3) & False for n, mask in enumerate(TRUTH)]
    assert quality(inside, [(2, 5)]) == 1


def test_a_moment_of_another_length_costs_its_overlap():
    assert quality(TRUTH, [(4, 7)]) == pytest.approx(2 / 6)
    assert quality(TRUTH, [(0, 9)]) == pytest.approx(4 / 10)
    assert quality(TRUTH, [(7, 9)]) == 0


def test_masks_of_something_else_outside_of_both_moments_cost_their_share():
    beside = [mask if 2 <= n <= 5 else square(18) for n, mask in enumerate(TRUTH)]
    assert quality(beside, [(2, 5)]) == pytest.approx(4 / (4 + 6))
    partly = [mask if 2 <= n <= 5 else square(8) for n, mask in enumerate(TRUTH)]
    assert quality(partly, [(2, 5)]) == pytest.approx(4 / (4 + 6 * 0.5))
    row = score(sample(TRUTH, [(2, 5)]), answer(partly, [(2, 5)]))
    assert row.extra["false_outside"] == pytest.approx(0.5)


def test_refusals():
    assert quality([square(3) & False] * 10, [], found=False) == 0
    nothing = sample(None, [])
    right, wrong = (
        score(nothing, answer([], [], found=False)),
        score(nothing, answer(TRUTH, [(0, 9)])),
    )
    target = score(sample(TRUTH, [(2, 5)]), answer(TRUTH, [(2, 5)]))
    metrics = protocol_metrics("moments-and-masks", [right, wrong, target])
    assert metrics["M&M"] == pytest.approx(2 / 3)
    assert metrics["quality"] == metrics["T-acc"] == metrics["tIoU"] == 1
    assert metrics["N-acc"] == 0.5 and metrics["false in M-"] == 0
    assert metrics["J&F in M+"] == 1


def test_what_is_lost_is_worth_nothing():
    target = score(sample(TRUTH, [(2, 5)]), answer(TRUTH, [(2, 5)]))
    lost = [replace(target, expression="1"), replace(target, expression="2", target=False)]
    metrics = protocol_metrics("moments-and-masks", [target], lost)
    assert metrics["M&M"] == pytest.approx(1 / 3) and metrics["quality"] == 0.5
    assert (metrics["T-acc"], metrics["N-acc"]) == (0.5, 0)


def test_masks_alone_claim_the_frames_they_are_in():
    masks = [mask if 3 <= n <= 6 else square(3) & False for n, mask in enumerate(TRUTH)]
    row = score(sample(TRUTH, [(2, 5)]), answer(masks, []).masklet)
    assert row.extra["quality"] == pytest.approx(3 / 5) and row.tiou is None


def test_moments_that_were_given_earn_nothing():
    row = score(sample(TRUTH, [(2, 5)]), answer(TRUTH, [(2, 5)]), moments=False)
    assert not set(JOINT) & set(row.extra)
    refused = score(sample(None, []), answer([], [], found=False))
    assert set(moments_and_masks([row, refused]).values()) == {None}


def test_a_moment_that_is_the_whole_video_has_no_outside():
    row = score(sample(TRUTH, [(0, 9)]), answer(TRUTH, [(0, 9)]))
    assert "false_outside" not in row.extra and row.extra["quality"] == 1


def test_wrong_shares():
    rle = {name: answer([mask], []).masklet.rle(0) for name, mask in
           {"true": square(3), "half": square(8), "none": square(3) & False}.items()}  # fmt: skip
    assert rle["none"] is None
    assert wrong_share(rle["true"], None) == wrong_share(None, None) == 0
    assert wrong_share(None, rle["half"]) == 1
    assert wrong_share(rle["true"], rle["half"]) == pytest.approx(0.5)


def dense(truth, when, masks, claimed):
    """The definition, pixel by pixel."""
    jf = score_masks(truth, masks).jf
    earned = counted = 0.0
    for t, (true, mask) in enumerate(zip(truth, masks, strict=True)):
        if t in when or t in claimed:
            counted += 1
            earned += jf[t] if t in when and t in claimed else 0.0
        elif mask.any():
            counted += np.count_nonzero(mask & ~true) / np.count_nonzero(mask)
    return earned / counted if counted else 1.0


def test_beside_the_definition(blobs):
    rng = np.random.default_rng(7)
    for _ in range(200):
        length = int(rng.integers(1, 8))
        truth = np.stack([blobs(rng, SIZE) & (rng.random() < 0.9) for _ in range(length)])
        masks = np.stack(
            [
                np.roll(one, rng.integers(0, 4)) if rng.random() < 0.6 else blobs(rng, SIZE)
                for one in truth
            ]
        ) & (rng.random((length, 1, 1)) < 0.8)
        when, claimed = (Moment.from_flags(rng.random(length) < 0.5) for _ in range(2))
        given = answer(masks, [])
        asked = sample(truth, when.spans)
        jf = score_masks(truth, masks).jf
        found = joint_scores(asked, given.masklet, claimed, jf)
        assert found["quality"] == pytest.approx(dense(truth, when, masks, claimed), abs=1e-9)
        assert found["claimed_tiou"] == when.iou(claimed)
