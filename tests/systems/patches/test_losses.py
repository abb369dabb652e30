"""Losses of scores of patches."""

import math

import pytest
import torch

from momentvos.systems.patches.losses import following, motion_loss, scored_losses
from momentvos.systems.patches.relevance import PatchScores


def test_patches_that_follow_their_own_object_lose_nothing():
    owner = torch.tensor([[0, 0, -1, 1], [-1, 0, 0, 1]])
    right = torch.tensor([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]]).float()
    wrong = right.clone()
    wrong[0, 3] = torch.tensor([0.5, 0.0, 0.0, 0.5])
    assert following(right, owner) < 1e-3
    assert following(wrong, owner) == pytest.approx(math.log(2) / 3, abs=1e-3)


def test_motions_before_and_after_count_too():
    motions = torch.zeros(1, 3, 2)
    motions[0, 1, 0] = 1.0
    owner = torch.tensor([[0], [0], [0]])
    truth = torch.tensor([[0, 0, 1], [1, 1, 1], [0, 1, 0]]).float()
    logits = torch.full((3, 1, 3, 2), -9.0)
    logits[:, 0, :, 0] = 18 * truth - 9
    assert motion_loss(logits, owner, motions) < 1e-3
    logits[0, 0, 2, 0] = -9.0
    assert motion_loss(logits, owner, motions) > 0.5


def test_the_right_patches_lose_less_than_the_wrong_ones():
    objects = torch.zeros(6, 16)
    objects[:, :8] = 1.0
    target = torch.zeros(2, 6, 16)
    target[0, :, :4] = 1.0
    active = target.clone()
    active[:, 3:] = 0.0
    moment = active.flatten(2).any(2)

    def loss(sign):
        maps = [sign * (8.0 * one - 4.0) for one in (active, target)]
        frames, present = (sign * (8.0 * one - 4.0) for one in (moment, moment.any(1)))
        scores = PatchScores(*maps, frames, active, present)
        return scored_losses(scores, target, active, objects, moment)

    right, wrong = loss(1.0), loss(-1.0)
    for name, value in right.items():
        assert value < 0.3
        assert value < wrong[name] - 1
    assert sorted(right) == [
        "active",
        "best",
        "frames",
        "loss",
        "presence",
        "relevance",
        "target",
    ]


def test_the_right_patches_have_to_lead_in_every_frame_of_their_own():
    """One frame is sure of the right patch; in the others another of the same frame is ahead."""
    target = torch.zeros(1, 3, 4)
    target[..., 0] = 1.0
    moment, objects = torch.ones(1, 3, dtype=torch.bool), torch.ones(3, 4)
    maps = torch.zeros(1, 3, 4)
    maps[0, 0, 0] = 8.0

    def frames(logits):
        flat = torch.zeros(1, 3), logits, torch.zeros(1)
        scores = PatchScores(logits, logits, *flat)
        return scored_losses(scores, target, target, objects, moment)["frames"]

    sure = frames(maps)
    assert sure == pytest.approx(2 * (2 * math.log(4) + math.log(1 + 3 * math.exp(-8))) / 3)
    maps[0, 1:, 3] = 2.0
    assert frames(maps) > sure + 1
    maps[0, 1:, 0] = 6.0
    assert frames(maps) < 0.1
