"""Attention as two matrix products, where that is the fastest way."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.linear import LEAST, Affine, product

SCORES = 1 << 22
"""Most attention weights held at once: more would leave a processor's last cache, and of fewer the
products are too narrow."""


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

    At most about `SCORES` weights are held at once; nothing can be differentiated. Large products
    in float32 are those of a linear layer, whose weights are the keys, then the values: oneDNN
    multiplies faster than the library behind `matmul`.
    """
    rows, heads, tokens, width = values.shape
    length = queries.shape[2]
    queries = queries.expand(rows, -1, -1, -1)
    together = SCORES // (heads * length * tokens)
    if together and length * tokens * queries.shape[3] < LEAST:
        parts = zip(*(one.split(together) for one in (queries, keys, values)), strict=True)
        made = [torch.matmul(torch.matmul(q, k.mT).softmax(-1), v) for q, k, v in parts]
        return torch.cat(made) if len(made) > 1 else made[0]
    averages = values.new_empty(rows, length, heads, width).transpose(1, 2)
    step = max(SCORES // tokens, 1)
    for row, head in itertools.product(range(rows), range(heads)):
        key, value = Affine(keys[row, head], None), Affine(values[row, head].T, None)
        for start in range(0, length, step):
            part = slice(start, start + step)
            weights = product(key, queries[row, head, part]).softmax(-1)
            averages[row, head, part] = product(value, weights)
    return averages
