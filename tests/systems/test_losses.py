import math

import numpy as np
import pytest
import torch

from momentvos.systems import losses


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_dice_is_one_volume_per_query():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(3, 4, 4)).astype(np.float32)
    masks = (generator.random((3, 4, 4)) > 0.5).astype(np.float32)
    query = torch.tensor([0, 0, 5])
    p = sigmoid(logits)
    parts = []
    for frames in ([0, 1], [2]):
        both = (p[frames] * masks[frames]).sum()
        parts.append(1 - (2 * both + 1) / (p[frames].sum() + masks[frames].sum() + 1))
    value = losses.dice(torch.from_numpy(logits), torch.from_numpy(masks), query)
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
    query = torch.tensor([0])
    right = (masks * 2 - 1) * 30
    assert losses.dice(right, masks, query) < 1e-4 and losses.focal(right, masks, query) < 1e-4
    assert losses.dice(-right, masks, query) > 0.9
    empty = torch.zeros(1, 8, 8)
    assert losses.dice(torch.full_like(empty, -30.0), empty, query) < 1e-4


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


def test_object_score_is_of_segmented_frames_only():
    scores = torch.tensor([[3.0, 100.0]])
    present = torch.tensor([[True, False]])
    value = losses.object_score(scores, present, torch.tensor([[True, False]]))
    assert value.item() == pytest.approx(-math.log(sigmoid(3.0)), rel=1e-5)


def test_masks_are_compared_at_a_given_size():
    masks = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    masks[..., :3] = True
    every = torch.ones(1, 1, dtype=torch.bool)
    _, truth, _ = losses.at_size(torch.zeros(1, 1, 2, 2), masks, every, 4)
    assert truth[0, 0].tolist() == [1.0, 0.5, 0.0, 0.0]
    grown, truth, _ = losses.at_size(torch.zeros(1, 1, 2, 2), masks, every, None)
    assert grown.shape == truth.shape == (1, 8, 8)
