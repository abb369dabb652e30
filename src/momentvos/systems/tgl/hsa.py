"""Hierarchical selective attention: one patch location attends over the clip (SAMWISE)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from momentvos.blocks import attention


class HierarchicalSelectiveAttention(nn.Module):
    """Multi-head self-attention and a linear layer. [B,S,d], mask [B,S] -> [B,S,d]."""

    def __init__(self, dim: int, heads: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, dropout=dropout)
        self.linear = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        out: Tensor = self.linear(attention(self.self_attn, tokens, tokens, mask))
        return out


def time_embedding(frames: int, dim: int, frame_mask: Tensor | None, like: Tensor) -> Tensor:
    """Sine embedding of a frame's place in its clip: angle 2 pi t / (T + 1e-6), temperature 1e4.

    t = 1..T; the 1e-6 is SAMWISE's.

    With frame_mask [L,frames] each row counts its own real frames. Returns [L or 1,frames,dim],
    on the device and in the type of ``like``.
    """
    real = torch.ones(1, frames, device=like.device) if frame_mask is None else frame_mask.float()
    place = real.cumsum(1) / (real.sum(1, keepdim=True) + 1e-6) * (2 * math.pi)
    pair = torch.arange(0, dim, 2, device=like.device)
    angle = place[..., None] / 10000.0 ** (pair / dim)
    return torch.stack((angle.sin(), angle.cos()), -1).flatten(-2).to(like.dtype)
