"""Memory attention over a fixed number of keys, of which each row reads some.

A program that is compiled, or captured as a CUDA graph, is of one shape; what frames read is of
many: the memories and pointers that there are so far. Here all rows have as many keys as the model
ever reads, and a mask says which of them are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.models.sam2_video.modeling_sam2_video import apply_rotary_pos_emb_2d

from momentvos.sam2.constants import constant
from momentvos.sam2.precision import apply

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


class Room(NamedTuple):
    """Most keys of a row: `placed` tokens of memories, then `pointers` of object pointers."""

    placed: int
    pointers: int


class Keys(NamedTuple):
    """What rows read.

    tokens, positions: `[N,T,64]`; of them the last `pointers` have no place in the picture.
    """

    tokens: Tensor
    positions: Tensor
    pointers: int


def room(sam: Sam2VideoModel, places: int) -> Room:
    """As many keys as the model reads at most, of memories of so many places."""
    config = sam.config
    splits = config.memory_attention_hidden_size // sam.mem_dim
    return Room(config.num_maskmem * places, config.max_object_pointers_in_encoder * splits)


def fits(keys: Sequence[Keys], most: Room) -> bool:
    """Whether there is room for what all rows read."""
    return all(
        one.pointers <= most.pointers and one.tokens.shape[1] - one.pointers <= most.placed
        for one in keys
    )


def padded(keys: Sequence[Keys], most: Room) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens and positions `[N,T,64]` of all rows, and which of them are there, `[N,T]`."""
    tokens, positions, there = [], [], []
    for one in keys:
        rows, count, _ = one.tokens.shape
        held = count - one.pointers
        tokens.append(_spread(one.tokens, held, most))
        positions.append(_spread(one.positions, held, most).expand(rows, -1, -1))
        place = torch.arange(sum(most), device=one.tokens.device)
        seen = (place < held) | ((place >= most.placed) & (place < most.placed + one.pointers))
        there.append(seen.expand(rows, -1))
    return torch.cat(tokens), torch.cat(positions), torch.cat(there)


def _spread(x: Tensor, held: int, most: Room) -> Tensor:
    """`[N,T,c]` with zeros after its first `held` tokens and at its end."""
    free, left = most.placed - held, most.pointers - (x.shape[1] - held)
    return torch.cat([F.pad(x[:, :held], (0, 0, 0, free)), F.pad(x[:, held:], (0, 0, 0, left))], 1)


def rotary(attention: Any) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the places of a picture, `[L,C]` each."""
    places, frequencies = attention.position_ids, attention.rotary_emb.inv_freq

    def make() -> tuple[Tensor, Tensor]:
        cosine, sine = attention.rotary_emb(frequencies, places)
        return cosine.reshape(-1, cosine.shape[-1]), sine.reshape(-1, sine.shape[-1])

    return constant(attention, "rotary", (places, frequencies), make)


def read(
    attention: Any,
    queries: Tensor,
    tokens: Tensor,
    positions: Tensor,
    there: Tensor,
    cosine: Tensor,
    sine: Tensor,
    pointers: int,
) -> Tensor:
    """The model's memory attention, `[N,L,C]`, without those keys that are not `there`.

    Args:
        queries: `[N,L,C]`, with their own position encoding added.
        tokens, positions, there: of `padded`. cosine, sine: of `rotary`.
        pointers: how many of the keys have no place in the picture.
    """
    x, compared, mask = queries, tokens + positions, there[:, None, None]
    for layer in attention.layers:
        own = layer.layer_norm1(x)
        x = x + _attend(layer.self_attn, own, own, own, None, (cosine, sine), 0)
        asked = layer.layer_norm2(x)
        cross = layer.cross_attn_image
        x = x + _attend(cross, asked, compared, tokens, mask, (cosine, sine), pointers)
        hidden = layer.activation(apply(layer.linear1, layer.layer_norm3(x)))
        x = x + apply(layer.linear2, hidden)
    made: Tensor = attention.layer_norm(x)
    return made


def _attend(
    part: Any,
    asked: Tensor,
    compared: Tensor,
    values: Tensor,
    mask: Tensor | None,
    turn: tuple[Tensor, Tensor],
    pointers: int,
) -> Tensor:
    heads = part.num_attention_heads
    query, key, value = (
        apply(layer, x).unflatten(-1, (heads, -1)).transpose(1, 2)
        for layer, x in ((part.q_proj, asked), (part.k_proj, compared), (part.v_proj, values))
    )
    query, key = apply_rotary_pos_emb_2d(
        query, key, *turn, num_k_exclude_rope=pointers, repeat_freqs_k=part.rope_k_repeat
    )
    made = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=part.scaling)
    return apply(part.o_proj, made.transpose(1, 2).flatten(2))
