import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from momentvos.data.batch import Clip, collate
from momentvos.training import losses
from momentvos.training.losses import LossOptions, actors, judgement, presence, relevance_of_things


@dataclass
class Output:
    logits: torch.Tensor
    scores: torch.Tensor
    relevance: torch.Tensor | None
    segmented: torch.Tensor


def batch_of(masks, moment, segment):
    lanes, frames, height, width = masks.shape
    clip = Clip(
        np.zeros((frames, height, width, 3), dtype=np.uint8),
        tuple(range(frames)),
        ("a dog",) * lanes,
        masks,
        masks & moment[:, :, None, None],
        masks.any(axis=0),
        moment,
        segment,
    )
    return collate([clip])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_dice_is_one_volume_per_lane():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(3, 4, 4)).astype(np.float32)
    masks = (generator.random((3, 4, 4)) > 0.5).astype(np.float32)
    lane = torch.tensor([0, 0, 5])
    p = sigmoid(logits)
    parts = []
    for frames in ([0, 1], [2]):
        both = (p[frames] * masks[frames]).sum()
        parts.append(1 - (2 * both + 1) / (p[frames].sum() + masks[frames].sum() + 1))
    value = losses.dice(torch.from_numpy(logits), torch.from_numpy(masks), lane)
    assert value.item() == pytest.approx(np.mean(parts), rel=1e-5)


def test_focal_is_the_plain_formula():
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(3, 4, 4)).astype(np.float32)
    masks = (generator.random((3, 4, 4)) > 0.5).astype(np.float32)
    p = sigmoid(logits)
    pixel = np.where(masks == 1, -0.25 * (1 - p) ** 2 * np.log(p), -0.75 * p**2 * np.log(1 - p))
    expected = np.mean([pixel[:2].mean(), pixel[2].mean()])
    value = losses.focal(torch.from_numpy(logits), torch.from_numpy(masks), torch.tensor([1, 1, 2]))
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_right_and_wrong_answers():
    masks = torch.zeros(1, 8, 8)
    masks[:, :4] = 1
    lane = torch.tensor([0])
    right = (masks * 2 - 1) * 30
    assert losses.dice(right, masks, lane) < 1e-4 and losses.focal(right, masks, lane) < 1e-4
    assert losses.dice(-right, masks, lane) > 0.9
    empty = torch.zeros(1, 8, 8)
    assert losses.dice(torch.full_like(empty, -30.0), empty, lane) < 1e-4


def test_relevance_is_balanced_cross_entropy_and_a_softmax_term():
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.3, -0.2, 1.0]])
    moment = torch.tensor([[True, False, True], [False, False, False]])
    entropy = [-math.log(sigmoid(x)) for x in (2.0, 0.5)]
    outside = [-math.log(1 - sigmoid(x)) for x in (-1.0, 0.3, -0.2, 1.0)]
    softmax = np.exp([2.0, 0.5]).sum() / np.exp([2.0, -1.0, 0.5]).sum()
    threshold = (np.mean(entropy) + np.mean(outside)) / 2
    value = losses.relevance(logits, moment)
    assert value.item() == pytest.approx(threshold - 0.5 * math.log(softmax), rel=1e-5)
    plain = losses.relevance(logits, moment, rank=0.0, balanced=False)
    assert plain.item() == pytest.approx(np.mean(entropy + outside), rel=1e-5)


@pytest.mark.parametrize("value", [True, False])
def test_relevance_with_one_kind_of_frame_is_finite(value):
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = losses.relevance(logits, torch.full((2, 3), value))
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()


def test_object_score_looks_at_segmented_frames_only():
    scores = torch.tensor([[3.0, 100.0]])
    present = torch.tensor([[True, False]])
    value = losses.object_score(scores, present, torch.tensor([[True, False]]))
    assert value.item() == pytest.approx(-math.log(sigmoid(3.0)), rel=1e-5)


def test_total_adds_the_weighted_terms():
    generator = np.random.default_rng(2)
    masks = generator.random((2, 3, 8, 8)) > 0.5
    moment = np.array([[True, True, False], [False, False, False]])
    segment = np.array([[True, False, True], [False, True, False]])
    batch = batch_of(masks, moment, segment)
    output = Output(torch.randn(2, 3, 4, 4), torch.randn(2, 3), torch.randn(2, 3), batch.segment)
    options = LossOptions(dice=2.0, focal=3.0, object_score=0.5, relevance=0.25, size=4)
    terms = losses.total(output, batch, options)
    weights = {"dice": 2.0, "focal": 3.0, "object_score": 0.5, "relevance": 0.25}
    assert set(terms) == {"loss", *weights}
    expected = sum(weights[name] * terms[name].item() for name in weights)
    assert terms["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert set(losses.total(output, batch, LossOptions())) == {"loss", "dice", "focal"}


def test_masks_are_compared_at_the_size_asked_for():
    masks = np.zeros((1, 1, 8, 8), dtype=bool)
    masks[..., :3] = True
    batch = batch_of(masks, np.ones((1, 1), bool), np.ones((1, 1), bool))
    _, truth, _ = losses.at_size(torch.zeros(1, 1, 2, 2), batch.masks, batch.segment, 4)
    assert truth[0, 0].tolist() == [1.0, 0.5, 0.0, 0.0]
    grown, truth, _ = losses.at_size(torch.zeros(1, 1, 2, 2), batch.masks, batch.segment, None)
    assert grown.shape == truth.shape == (1, 8, 8)


def test_nothing_segmented_still_has_gradients():
    batch = batch_of(np.zeros((1, 2, 4, 4), bool), np.zeros((1, 2), bool), np.zeros((1, 2), bool))
    leaves = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 2), torch.zeros(1, 2)]
    for leaf in leaves:
        leaf.requires_grad_()
    options = LossOptions(object_score=1.0)
    terms = losses.total(Output(*leaves, batch.segment), batch, options)
    terms["loss"].backward()
    assert terms["loss"].item() == 0
    assert all(leaf.grad is not None for leaf in leaves)


def test_who_does_what_the_sentence_says():
    """Two things of a video; the first lane means the second one, in the last of three frames."""
    objects = np.zeros((3, 4, 4), dtype=np.uint8)
    objects[:, 0], objects[1:, 2] = 1, 2
    masks = np.stack([objects == 2, objects == 1])
    moment = np.array([[False, False, True], [True, True, True]])
    batch = batch_of(masks, moment, moment)
    batch = replace(batch, objects=torch.from_numpy(objects)[None])
    does, seen = actors(batch, 2)
    assert does.tolist() == [[[False] * 3, [False, False, True]], [[True] * 3, [False] * 3]]
    assert seen.tolist() == [[[True] * 3, [False, True, True]]] * 2

    right = torch.where(does, 20.0, -20.0)
    assert relevance_of_things(right, does, seen) == pytest.approx(0.0, abs=1e-6)
    unseen = right.clone()
    unseen[:, 1, 0] = 9.0
    assert relevance_of_things(unseen, does, seen) == pytest.approx(0.0, abs=1e-6)
    other = right.flip(1)
    assert relevance_of_things(other, does, seen) > 10
    even = relevance_of_things(torch.zeros(2, 2, 3), does, seen)
    assert even == pytest.approx(np.log(2) + 0.5 * (np.log(5 / 1) + np.log(5 / 3)) / 2, rel=1e-5)
    nobody = torch.zeros_like(does)
    assert torch.isfinite(relevance_of_things(torch.zeros(2, 2, 3), nobody, seen))

    heard = seen & torch.tensor([[True, True], [False, True]])[..., None]
    terms = judgement(right, does, heard, LossOptions(presence=0.5, rank=0.25))
    assert terms["things"] == relevance_of_things(right, does, heard, 0.25)
    assert terms["presence"] == presence(right, does, heard)
    assert terms["loss"] == pytest.approx(terms["things"] + terms["presence"] / 2)


def test_whether_anything_is_meant_is_told_by_the_clearest_frames():
    does = torch.zeros(2, 2, 8, dtype=torch.bool)
    does[0, 1, :3] = True
    seen = torch.ones_like(does)
    seen[1, 0] = False
    logits = torch.full((2, 2, 8), -9.0)
    logits[0, 1, :4], logits[1, 0] = 9.0, 9.0  # of what is not seen nothing counts
    assert presence(logits, does, seen) == pytest.approx(0.0, abs=1e-3)
    logits[1, 1, 2:6] = 1.0
    wrong = (np.log1p(np.exp(-9.0)) + np.log1p(np.exp(1.0))) / 2
    assert presence(logits, does, seen) == pytest.approx(wrong, rel=1e-4)
    one = logits.clone()
    one[1, 1, 2:5] = -9.0
    assert presence(one, does, seen) < presence(logits, does, seen)
    none = torch.zeros(1, 1, 2, dtype=torch.bool)
    assert torch.isfinite(presence(torch.zeros(1, 1, 2), none, none))
