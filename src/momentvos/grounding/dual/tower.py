"""Spatio-temporal layers of the dual encoder and of TGL's motion encoder."""

from __future__ import annotations

from torch import Tensor, nn


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
        mixed: Tensor = self.narrow(nn.functional.gelu(self.wide(self.norm(self.over(grid)))))
        return grid + mixed


def halve(inward: int, outward: int) -> nn.Module:
    """A convolution that halves height and width."""
    layer = nn.Conv3d(inward, outward, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    return nn.Sequential(layer, nn.GroupNorm(1, outward), nn.GELU())
