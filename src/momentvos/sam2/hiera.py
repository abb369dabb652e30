"""Hiera's blocks over the weights of `transformers`, without what does not reach the result.

A block's linear layers act on each token alone, so a stage stays cut into windows for as long as
they fit; where a window reaches over the border, only its real tokens are projected, since those of
the padding are the bias.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2 import products
from momentvos.sam2.linear import linear
from momentvos.sam2.precision import apply


def blocks(parts: Iterable[Any], x: Tensor) -> Tensor:
    """Run `Sam2MultiScaleBlock`s one after the other, `[N,H,W,c]` to `[N,H',W',c']`."""
    count, height, width, _ = x.shape
    cut = 0  # side of the windows that x is cut into, `[N*rows*columns,cut,cut,c]`; 0: it is whole
    for part in parts:
        window, stride = part.window_size, part.query_stride[0] if part.query_stride else 1
        fits = window and height % window == 0 and width % window == 0 and window % stride == 0
        if cut and cut != window:
            x, cut = _whole(x, count, height, width), 0
        if part.gradient_checkpointing and part.training:
            x, cut = part(_whole(x, count, height, width) if cut else x), 0
        elif fits:
            x = _block(part, x if cut else _windows(x, window), stride)
            cut = window // stride
        else:
            x = _block(part, x, stride, window)
        height, width = height // stride, width // stride
    return _whole(x, count, height, width) if cut else x


def _block(part: Any, x: Tensor, stride: int, window: int = 0) -> Tensor:
    """One block over `[B,H,W,c]`, where each of `B` attends to itself, or its windows do."""
    normed = part.layer_norm1(x)
    residual = x
    if part.dim != part.dim_out:
        residual = _pooled(apply(part.proj, normed), stride).to(x.dtype)
    attention, mlp = part.attn, part.mlp
    projected = linear(attention.qkv, normed)
    if window:
        padding = apply(attention.qkv, normed.new_zeros(normed.shape[3]))
        attended = _attend(attention, _cut(projected, padding, window), stride)
        attended = _joined(attended, x.shape[0], *residual.shape[1:3])
    else:
        attended = _attend(attention, projected, stride)
    x = linear(attention.proj, attended, onto=residual)
    hidden = linear(mlp.proj_in, part.layer_norm2(x), mlp.activation)
    return linear(mlp.proj_out, hidden, onto=x)


def _attend(attention: Any, projected: Tensor, stride: int) -> Tensor:
    """Queries, keys and values `[B,H,W,3c]` to `[B,H/stride,W/stride,c]`."""
    rows, height, width, _ = projected.shape
    query, key, value = projected.chunk(3, dim=-1)
    query = _pooled(query, stride)
    heads = attention.num_attention_heads
    query, key, value = (
        one.flatten(1, 2).unflatten(-1, (heads, -1)).transpose(1, 2) for one in (query, key, value)
    )
    attended = products.attention(query, key, value, attention.scale)
    return attended.transpose(1, 2).reshape(rows, height // stride, width // stride, -1)


def _pooled(x: Tensor, stride: int) -> Tensor:
    """The largest of each `stride` x `stride` tokens of `[B,H,W,c]`."""
    if stride == 1:
        return x
    pooled = F.max_pool2d(x.permute(0, 3, 1, 2), stride, stride)
    return pooled.permute(0, 2, 3, 1)


def _windows(x: Tensor, window: int) -> Tensor:
    """`[N,H,W,c]` cut into whole windows, `[N*rows*columns,window,window,c]`."""
    split: Tensor = x.unflatten(2, (-1, window)).unflatten(1, (-1, window))
    return split.transpose(2, 3).reshape(-1, window, window, x.shape[3])


def _whole(x: Tensor, count: int, height: int, width: int) -> Tensor:
    """Invert `_windows`."""
    side, channels = x.shape[1], x.shape[3]
    split = x.view(count, height // side, width // side, side, side, channels)
    return split.transpose(2, 3).reshape(count, height, width, channels)


def _cut(x: Tensor, padding: Tensor, window: int) -> Tensor:
    """`[N,H,W,c]` cut into windows, filled up with `padding` `[c]` to the right and below."""
    count, height, width, channels = x.shape
    rows, columns = -(-height // window), -(-width // window)
    made = padding.expand(count, rows, columns, window, window, channels).clone()
    for row in range(rows):
        for column in range(columns):
            piece = x[:, row * window : (row + 1) * window, column * window : (column + 1) * window]
            made[:, row, column, : piece.shape[1], : piece.shape[2]] = piece
    return made.flatten(0, 2)


def _joined(x: Tensor, count: int, height: int, width: int) -> Tensor:
    """The real tokens `[N,height,width,c]` of windows `[N*rows*columns,side,side,c]`, contiguous:
    a linear layer copies its weights for every row of tokens that are not.
    """
    side, channels = x.shape[1], x.shape[3]
    rows, columns = -(-height // side), -(-width // side)
    split = x.view(count, rows, columns, side, side, channels).transpose(2, 3)
    whole = split.reshape(count, rows * side, columns * side, channels)
    return whole[:, :height, :width].contiguous()
