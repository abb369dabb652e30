"""SAM2's memory attention with fewer products, for reading only.

Memories have 64 channels, what is read of them 256 (or as many as the queries). The published order
projects the values first, `A (M W)`; here the average is taken first, `(A M) W`, which is the same
since the rows of `A` sum to one, and saves three quarters of that product. Rotary positions are one
complex product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

ROWS = 256
"""Queries whose attention is held at once: it fits a processor's cache."""
LEAST = 1024
"""Keys from which on it pays."""


def pays(sam: Sam2VideoModel, keys: Tensor) -> bool:
    """Whether `read` is the faster way for these keys, and may be taken.

    It has no backward pass of its own, and on a GPU one fused kernel beats it.
    """
    one_head = sam.config.memory_attention_num_attention_heads == 1
    plain = keys.device.type == "cpu" and keys.dtype == torch.float32
    reading = not (torch.is_grad_enabled() or sam.training)
    return reading and plain and one_head and keys.shape[0] >= LEAST


def read(
    sam: Sam2VideoModel, queries: Tensor, keys: Tensor, positions: Tensor, pointer_tokens: int
) -> Tensor:
    """Memory attention of `sam`, equal to its own to 1e-5.

    Args:
        queries: `[L,N,C]`, with their own position encoding added.
        keys: `[T,N,64]`, the last `pointer_tokens` of them without a place in the picture.
        positions: `[T,N,64]`, added to the keys where they are compared.

    Returns:
        `[N,L,C]`.
    """
    attention = sam.memory_attention
    output = queries.transpose(0, 1)
    values = keys.transpose(0, 1).contiguous()
    compared = values + positions.transpose(0, 1)
    rotary = attention.rotary_emb(output, attention.position_ids)
    cosine, sine = (part.reshape(-1, part.shape[-1])[:, ::2] for part in rotary)
    turn = torch.complex(cosine, sine)
    for layer in attention.layers:
        own = layer.layer_norm1(output)[:, None]
        own, _ = layer.self_attn(query=own, key=own, value=own, position_embeddings=rotary)
        output = output + own[:, 0]
        asked = layer.layer_norm2(output)
        output = output + _cross(
            layer.cross_attn_image, asked, compared, values, turn, pointer_tokens
        )
        hidden = layer.activation(layer.linear1(layer.layer_norm3(output)))
        output = output + layer.linear2(hidden)
    normed: Tensor = attention.layer_norm(output)
    return normed


def _cross(
    part: Any, asked: Tensor, compared: Tensor, values: Tensor, turn: Tensor, pointer_tokens: int
) -> Tensor:
    """Attention of `asked` `[N,L,C]` over keys `[N,T,64]`, whose values are projected last."""
    tokens = compared.shape[1]
    queries = _rotated(part.q_proj(asked), turn, asked.shape[1]) * part.scaling
    keys = _rotated(part.k_proj(compared), turn, tokens - pointer_tokens).transpose(1, 2)
    average = values.new_empty(*asked.shape[:2], values.shape[2])
    for number, value in enumerate(values):
        for start in range(0, asked.shape[1], ROWS):
            rows = slice(start, start + ROWS)
            weights = torch.mm(queries[number, rows], keys[number]).softmax(-1)
            torch.mm(weights, value, out=average[number, rows])
    result: Tensor = part.o_proj(part.v_proj(average))
    return result


def _rotated(states: Tensor, turn: Tensor, tokens: int) -> Tensor:
    """The first `tokens` of `[N,T,C]` turned by their place, complex `[L,C/2]`, over and over."""
    count, _, channels = states.shape
    pairs = states[:, :tokens].reshape(count, -1, len(turn), channels // 2, 2)
    turned = torch.view_as_real(torch.view_as_complex(pairs) * turn)
    return torch.cat([turned.reshape(count, tokens, channels), states[:, tokens:]], dim=1)
