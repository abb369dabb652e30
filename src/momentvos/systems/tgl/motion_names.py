"""Which motions a sentence names, and where a window shows them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOTS = 2
"""Most motions that a sentence names, in their order: "jumps and then turns"."""
LIMIT = 6.0
"""Largest log-odds of a motion that count."""


class MotionNames(nn.Module):
    """The motions that a sentence names, in order, each one of M or none."""

    def __init__(self, text_dim: int, motions: int) -> None:
        super().__init__()
        self.place = nn.Linear(text_dim, SLOTS)
        self.name = nn.Sequential(
            nn.LayerNorm(text_dim), nn.Linear(text_dim, 2 * text_dim), nn.GELU(),
            nn.Linear(2 * text_dim, motions + 1),
        )  # fmt: skip

    def forward(self, text: Tensor, mask: Tensor) -> Tensor:
        """Logits [L, SLOTS, M + 1], "none" last; text [L, N, D], mask bool [L, N]."""
        place = self.place(text).masked_fill(~mask[..., None], -torch.inf).softmax(1)
        names: Tensor = self.name(place.transpose(1, 2) @ text)
        return names


def shown(names: Tensor, motions: Tensor) -> Tensor:
    """Log-odds that patches show the named motions: [L, T, P, 3 * SLOTS].

    names: of `MotionNames`. motions: [L, T, P, 3, M], log-odds of all, of three periods. A motion
    that is not named counts as one that may be there or not.
    """
    share = names.softmax(-1)[..., :-1].transpose(1, 2)
    flat = motions.clamp(-LIMIT, LIMIT).flatten(1, 3)
    return (flat @ share).view(*motions.shape[:4], -1).flatten(3)
