"""Spatio-temporal layers of the dual encoder and of TGL's motion encoder."""

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
        """[B, C, T, h, w] to the same."""
        trained = torch.is_grad_enabled() and grid.device.type == "cpu"
        over = step_by_step(self.over, grid) if trained else self.over(grid)
        mixed: Tensor = self.narrow(F.gelu(self.wide(self.norm(over))))
        return grid + mixed


def step_by_step(layer: nn.Conv3d, grid: Tensor) -> Tensor:
    """A depthwise convolution of `[B,C,T,h,w]` with stride 1, as one in 2D a step of its kernel.

    On a processor its backward pass takes a third of the time of one in 3D.
    """
    assert isinstance(layer.padding, tuple)
    before, *around = layer.padding
    frames = F.pad(grid, (0, 0, 0, 0, before, before)).transpose(1, 2).contiguous()
    made: Tensor = torch.zeros((), device=grid.device)
    for number in range(layer.kernel_size[0]):
        part = frames[:, number : number + grid.shape[2]].flatten(0, 1)
        bias = layer.bias if number == 0 else None
        weight = layer.weight[:, :, number]
        made = made + F.conv2d(part, weight, bias, padding=around, groups=layer.groups)
    return made.unflatten(0, (len(grid), -1)).transpose(1, 2)


class FrameConvolution(nn.Conv3d):
    """A convolution of each frame by itself, in 2D: half the time of one in 3D."""

    def forward(self, grid: Tensor) -> Tensor:
        """[B, C, T, H, W] to [B, C', T, h, w]."""
        frames = grid.transpose(1, 2).flatten(0, 1)
        _, *stride = self.stride
        assert isinstance(self.padding, tuple)
        _, *around = self.padding
        made = F.conv2d(frames, self.weight[:, :, 0], self.bias, stride, around)
        return made.unflatten(0, (len(grid), -1)).transpose(1, 2)


def halve(inward: int, outward: int) -> nn.Module:
    """A convolution that halves height and width."""
    layer = FrameConvolution(inward, outward, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    return nn.Sequential(layer, nn.GroupNorm(1, outward), nn.GELU())
