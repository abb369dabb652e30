"""Encoder of motion from differences between frames: an addition for small models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from momentvos.grounding.dual.tower import Block, Halve

if TYPE_CHECKING:
    from momentvos.grounding.dual.model import DualEncoder

SPREAD = 0.225
"""Deviation of colours by which pixels were divided; times it they differ by at most about 1."""


MOVING = (1, 2)
"""Hiera's stages of strides 8 and 16."""


class MotionEncoder(nn.Module):
    """Motion features of a window, added to Hiera's outputs at strides 8 and 16.

    Half-size frames and their differences go through convolutions over time and space; the result
    is added to the trunk just before the adapters. Not part of TGL, whose attention over time
    learns motion from long training of pretrained encoders. Differences of frames need no training
    to depend on motion, and products of filters in time and space tell left from right, which
    attention by content learns only slowly. Layers are those of
    :class:`momentvos.grounding.dual.model.DualEncoder`, from which it may start.

    channels: inside. stages: channels of Hiera's outputs at both strides. blocks: at each stride.
    """

    def __init__(self, channels: int, stages: Sequence[int], blocks: int = 3) -> None:
        super().__init__()
        half = channels // 2
        self.stem = nn.Sequential(Halve(6, half), Halve(half, channels))
        self.near = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.halve = Halve(channels, channels)
        self.far = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in stages)
        self.up = nn.ModuleList(_zero_linear(channels, width) for width in stages)

    def forward(self, pixels: Tensor, frame_mask: Tensor | None = None) -> list[Tensor]:
        """[V, T, h, w, c] at strides 8 and 16, for V windows; zeros before any training.

        pixels: [V, T, 3, S/2, S/2], normalised. frame_mask [V, T], False: padding, which gets
        zeros; a window's real frames are encoded as if they were all. Each frame comes with its
        difference from the one before, the first with none.
        """
        if frame_mask is not None:
            return self._padded(pixels, frame_mask)
        maps = self.encode(pixels)
        return [up(norm(grid)) for up, norm, grid in zip(self.up, self.norms, maps, strict=True)]

    def encode(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's own features [V, T, h, w, channels] at strides 8 and 16; see `forward`."""
        colours = SPREAD * pixels
        moved = torch.diff(colours, dim=1, prepend=colours[:, :1])
        near = self.near(self.stem(torch.cat([colours, moved], dim=2).permute(0, 1, 3, 4, 2)))
        return near, self.far(self.halve(near))

    def start_from(self, dual: DualEncoder) -> None:
        """Take over the layers of a trained dual encoder, whose inputs are the same.

        Raises ValueError where widths or numbers of blocks differ.
        """
        for name in ("stem", "near", "halve", "far"):
            try:
                getattr(self, name).load_state_dict(getattr(dual, name).state_dict())
            except RuntimeError as error:
                raise ValueError(f"the dual encoder does not fit: {error}") from None

    def _padded(self, pixels: Tensor, frame_mask: Tensor) -> list[Tensor]:
        """Window by window: norms go over all frames of a window, without padding."""
        padded = [
            pixels.new_zeros(*frame_mask.shape, *grid.shape[2:])
            for grid in self(torch.zeros_like(pixels[:1, :1]))
        ]
        for window in torch.nonzero(frame_mask.any(1))[:, 0].tolist():
            real = frame_mask[window]
            for grid, made in zip(padded, self(pixels[window, real][None]), strict=True):
                grid[window, real] = made[0].to(grid.dtype)
        return padded


def _zero_linear(inward: int, outward: int) -> nn.Linear:
    layer = nn.Linear(inward, outward)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
