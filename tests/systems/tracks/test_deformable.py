"""Deformable attention on a CPU is that of transformers."""

import pytest
import torch
from transformers.models.deformable_detr.modeling_deformable_detr import (
    MultiScaleDeformableAttention,
)

from momentvos.systems.tracks.detectors.deformable import DeformableAttention, speed_up


@pytest.mark.parametrize("batch", [1, 2])
def test_sums_are_those_of_transformers_inside_and_at_borders(batch):
    torch.manual_seed(0)
    sizes = [(7, 9), (4, 5), (1, 2)]
    value = torch.randn(batch, sum(rows * columns for rows, columns in sizes), 2, 8)
    places = torch.rand(batch, 11, 2, 3, 4, 2) * 1.4 - 0.2
    weights = torch.rand(batch, 11, 2, 3, 4)
    usual = MultiScaleDeformableAttention()
    given = (value, None, sizes, None, places, weights, 64)
    assert torch.allclose(DeformableAttention(usual)(*given), usual(*given), atol=1e-5)


def test_every_such_attention_of_a_model_is_replaced_once():
    model = torch.nn.Sequential(torch.nn.Sequential(MultiScaleDeformableAttention()))
    speed_up(model)
    assert isinstance(model[0][0], DeformableAttention)
    speed_up(model)
    assert isinstance(model[0][0].usual, MultiScaleDeformableAttention)
