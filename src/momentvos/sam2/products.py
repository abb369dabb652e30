"""Attention as two matrix products, where that is the fastest way."""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

SCORES = 1 << 21
"""Most attention weights held at once: they fit a processor's cache."""


def attention(queries: Tensor, keys: Tensor, values: Tensor, scale: float) -> Tensor:
    """Attention without a mask, `[B,H,L,c]` over `[B,H,T,c]`; values may have another width.

    A processor's fused attention computes in float32 whatever it is given, but its products in
    bfloat16 are twice as fast.
    """
    if not two_products(queries):
        return F.scaled_dot_product_attention(queries, keys, values, scale=scale)
    return average(queries * scale, keys, values)


def two_products(like: Tensor) -> bool:
    """Whether fused attention is the slower way. (It has a backward pass that saves memory.)"""
    return (
        like.device.type == "cpu" and like.dtype == torch.bfloat16 and not torch.is_grad_enabled()
    )


def average(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Values `[B,H,T,c]` averaged by how queries `[B or 1,H,L,C]` agree with keys `[B,H,T,C]`.

    At most about `SCORES` weights are held at once; nothing can be differentiated.
    """
    rows, heads, tokens, width = values.shape
    length, turned = queries.shape[2], keys.transpose(2, 3)
    queries = queries.expand(rows, -1, -1, -1)
    most = SCORES // (heads * length * tokens)
    if most >= rows:
        return torch.matmul(torch.matmul(queries, turned).softmax(-1), values)
    if most:
        parts = zip(queries.split(most), turned.split(most), values.split(most), strict=True)
        return torch.cat([torch.matmul(torch.matmul(q, k).softmax(-1), v) for q, k, v in parts])
    made = values.new_empty(rows, length, heads, width).transpose(1, 2)
    step = max(SCORES // tokens, 1)
    for row, head in product(range(rows), range(heads)):
        key, value = turned[row, head], values[row, head]
        for start in range(0, length, step):
            part = slice(start, start + step)
            weights = torch.mm(queries[row, head, part], key).softmax(-1)
            made[row, head, part] = torch.mm(weights, value)
    return made
