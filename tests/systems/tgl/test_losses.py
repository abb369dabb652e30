from dataclasses import dataclass

import numpy as np
import pytest
import torch

from momentvos.data.batch import Clip, collate
from momentvos.systems.options import LossOptions
from momentvos.systems.tgl.losses import total


@dataclass
class Output:
    logits: torch.Tensor
    scores: torch.Tensor
    relevance: torch.Tensor | None
    segmented: torch.Tensor


def batch_of(masks, moment, segment):
    queries, frames, height, width = masks.shape
    clip = Clip(
        np.zeros((frames, height, width, 3), dtype=np.uint8),
        tuple(range(frames)),
        ("a dog",) * queries,
        masks,
        masks & moment[:, :, None, None],
        masks.any(axis=0),
        moment,
        segment,
    )
    return collate([clip])


def test_total_adds_the_weighted_losses():
    generator = np.random.default_rng(2)
    masks = generator.random((2, 3, 8, 8)) > 0.5
    moment = np.array([[True, True, False], [False, False, False]])
    segment = np.array([[True, False, True], [False, True, False]])
    batch = batch_of(masks, moment, segment)
    output = Output(torch.randn(2, 3, 4, 4), torch.randn(2, 3), torch.randn(2, 3), batch.segment)
    options = LossOptions(dice=2.0, focal=3.0, object_score=0.5, relevance=0.25, size=4)
    losses = total(output, batch, options)
    weights = {"dice": 2.0, "focal": 3.0, "object_score": 0.5, "relevance": 0.25}
    assert set(losses) == {"loss", *weights}
    expected = sum(weights[name] * losses[name].item() for name in weights)
    assert losses["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert set(total(output, batch, LossOptions())) == {"loss", "dice", "focal"}


def test_nothing_segmented_still_has_gradients():
    batch = batch_of(np.zeros((1, 2, 4, 4), bool), np.zeros((1, 2), bool), np.zeros((1, 2), bool))
    leaves = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 2), torch.zeros(1, 2)]
    for leaf in leaves:
        leaf.requires_grad_()
    options = LossOptions(object_score=1.0)
    losses = total(Output(*leaves, batch.segment), batch, options)
    losses["loss"].backward()
    assert losses["loss"].item() == 0
    assert all(leaf.grad is not None for leaf in leaves)
