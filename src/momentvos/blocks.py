"""Transformer and convolution blocks over frames and words."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attention(
    module: nn.MultiheadAttention, queries: Tensor, keys: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Output of ``module`` with ``need_weights=False``, without its copies between layouts.

    queries [B,Q,d], keys [B,K,d] (also the values), mask [B,K] True = may be read -> [B,Q,d].
    """
    weight, bias = module.in_proj_weight, module.in_proj_bias
    dim, heads = module.embed_dim, module.num_heads
    if queries is keys:
        q, k, v = F.linear(queries, weight, bias).split(dim, -1)
    else:
        q = F.linear(queries, weight[:dim], bias[:dim])
        k, v = F.linear(keys, weight[dim:], bias[dim:]).split(dim, -1)
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    out = F.scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=None if mask is None else mask[:, None, None],
        dropout_p=module.dropout if module.training else 0.0,
    )
    projected: Tensor = module.out_proj(out.transpose(1, 2).flatten(2))
    return projected


class TemporalBlock(nn.Module):
    """AdaTAD's adapter: a bottleneck with a depth-wise convolution along time.

    ``x + up(g + pointwise(depthwise(g)))`` with ``g = GELU(down(LayerNorm(x)))``; `up` starts
    at zero, so that the block starts as the identity.
    """

    def __init__(self, dim: int, ratio: float = 0.25, kernel: int = 3) -> None:
        super().__init__()
        inner = int(dim * ratio)
        self.norm = nn.LayerNorm(dim)
        self.down = nn.Linear(dim, inner)
        self.depthwise = nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner)
        self.pointwise = nn.Linear(inner, inner)
        self.up = nn.Linear(inner, dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x [L, T, P, C] -> the same shape; the P places are independent of each other."""
        batch, frames, places, _ = x.shape
        g = F.gelu(self.down(self.norm(x)))
        along = g.permute(0, 2, 3, 1).reshape(batch * places, -1, frames)
        along = self.depthwise(along).view(batch, places, -1, frames).permute(0, 3, 1, 2)
        out: Tensor = x + self.up(g + self.pointwise(along))
        return out


class _Block(nn.Module):
    """Common part of both pre-norm transformer blocks: self-attention over frames, an MLP."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(dim)
        self.self_attention = nn.MultiheadAttention(dim, heads)
        self.norm_mlp = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def _attend(self, q: Tensor) -> Tensor:
        x = self.norm_self(q)
        return q + attention(self.self_attention, x, x, None)

    def _feed_forward(self, q: Tensor) -> Tensor:
        out: Tensor = q + self.mlp(self.norm_mlp(q))
        return out


class FrameBlock(_Block):
    """Transformer block: self-attention over frames, and an MLP."""

    def forward(self, q: Tensor) -> Tensor:
        """[L, T, C] -> the same shape."""
        return self._feed_forward(self._attend(q))


class FrameTextBlock(_Block):
    """Transformer block: self-attention over frames, cross-attention to words, and an MLP."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.norm_text = nn.LayerNorm(dim)
        self.text_attention = nn.MultiheadAttention(dim, heads)

    def forward(self, q: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """q [L, T, C], text [L, N, C], text_mask [L, N] True = real token -> [L, T, C]."""
        q = self._attend(q)
        q = q + attention(self.text_attention, self.norm_text(q), text, text_mask)
        return self._feed_forward(q)


def sine(length: int, dim: int, like: Tensor) -> Tensor:
    """Sine embedding of frame numbers, [length, dim]."""
    when = torch.arange(length, device=like.device, dtype=torch.float32)
    rate = 10000 ** (-torch.arange(0, dim, 2, device=like.device, dtype=torch.float32) / dim)
    angle = when[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1).to(like.dtype)
