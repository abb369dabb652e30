"""Spatio-temporal layers of the dual encoder and of TGL's motion encoder, channels last.

Every layer is a few convolutions over the frames as pictures, or one product over their cells: a
processor takes several times as long for the same over a volume, above all for its gradients.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    """A depthwise convolution over 5 frames and 3 x 3 cells, a channel MLP, and a residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.over = nn.Conv3d(width, width, (5, 3, 3), padding=(2, 1, 1), groups=width)
        self.norm = nn.GroupNorm(1, width)
        self.wide = nn.Conv3d(width, 2 * width, 1)
        self.narrow = nn.Conv3d(2 * width, width, 1)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, T, h, w, C] to the same."""
        hidden = F.gelu(_each_cell(self.wide, _normed(self.norm, depthwise(self.over, grid))))
        return grid + _each_cell(self.narrow, hidden)


class Halve(nn.Sequential):
    """A convolution that halves height and width, a norm and GELU."""

    def __init__(self, inward: int, outward: int) -> None:
        layer = nn.Conv3d(inward, outward, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
        super().__init__(layer, nn.GroupNorm(1, outward), nn.GELU())

    def forward(self, grid: Tensor) -> Tensor:
        """[B, T, h, w, C] to [B, T, h/2, w/2, C']."""
        layer, norm, activation = self
        assert isinstance(layer, nn.Conv3d)
        pictures = grid.flatten(0, 1).permute(0, 3, 1, 2)
        made = F.conv2d(pictures, layer.weight[:, :, 0], layer.bias, stride=2, padding=1)
        halved: Tensor = activation(
            _normed(norm, made.permute(0, 2, 3, 1).unflatten(0, grid.shape[:2]))
        )
        return halved


def depthwise(layer: nn.Conv3d, grid: Tensor) -> Tensor:
    """A depthwise convolution of stride 1 that keeps the size, [B, T, h, w, C]: the sum over its
    frames of convolutions of pictures.
    """
    batch, frames = grid.shape[:2]
    before, *around = map(int, layer.padding)
    padded = F.pad(grid, (0, 0, 0, 0, 0, 0, before, before)).flatten(0, 1).permute(0, 3, 1, 2)
    # The samples lie one behind the other, so that a shift in time is a part of all pictures.
    count = len(padded) - 2 * before
    shifted = [padded[shift : shift + count] for shift in range(layer.kernel_size[0])]
    made = torch.zeros_like(shifted[0])
    for pictures, weight in zip(shifted, layer.weight.unbind(2), strict=True):
        made = made + F.conv2d(pictures, weight, padding=around, groups=layer.groups)
    assert layer.bias is not None
    made = made.permute(0, 2, 3, 1) + layer.bias
    if batch == 1:
        return made[None]
    made = F.pad(made, (0, 0, 0, 0, 0, 0, 0, 2 * before))  # the last sample has no next one
    return made.unflatten(0, (batch, -1))[:, :frames]


def _normed(norm: nn.Module, grid: Tensor) -> Tensor:
    made: Tensor = norm(grid.permute(0, 4, 1, 2, 3))
    return made.permute(0, 2, 3, 4, 1)


def _each_cell(layer: nn.Conv3d, grid: Tensor) -> Tensor:
    return F.linear(grid, layer.weight.flatten(1), layer.bias)
