"""The dual encoder's layers: equal to convolutions over volumes, and so are their gradients."""

import pytest
import torch
from torch.nn import functional as F

from momentvos.grounding.dual.tower import Block, Halve


def _block(block: Block, grid: torch.Tensor) -> torch.Tensor:
    return grid + block.narrow(F.gelu(block.wide(block.norm(block.over(grid)))))


def _halve(halve: Halve, grid: torch.Tensor) -> torch.Tensor:
    layer, norm, activation = halve
    return activation(norm(layer(grid)))


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(("made", "plain"), [(Block(8), _block), (Halve(8, 4), _halve)])
@pytest.mark.parametrize("shape", [(6, 8, 10), (1, 2, 4), (2, 4, 2)])
def test_a_layer_is_what_it_is_over_a_volume(made, plain, samples, shape):
    torch.manual_seed(0)
    grid = torch.randn(samples, *shape, 8, dtype=torch.double, requires_grad=True)
    made = made.double()
    inputs = (grid, *made.parameters())
    ours = made(grid)
    theirs = plain(made, grid.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
    torch.testing.assert_close(ours, theirs)
    weight = torch.randn_like(ours)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, weight),
        torch.autograd.grad(theirs, inputs, weight),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
