"""Memory attention of SAM2 and EdgeTAM with fewer products, for reading only.

Memories have 64 channels, what is read of them 256 (or as many as the queries). The published order
projects the values first, `A (M W)`; here the average is taken first, `(A M) W`, which is the same
since the rows of `A` sum to one, and saves three quarters of that product. Rotary positions are one
complex product, and what the first layer makes of a frame alone is made once for all its objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from momentvos.sam2.constants import constant
from momentvos.sam2.family import is_edgetam
from momentvos.sam2.linear import linear
from momentvos.sam2.precision import dtype
from momentvos.sam2.products import average

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

TOKENS = 4096
"""About as many queries go through a layer at once: they fit a processor's cache."""
KEYS = 8192
"""About as many keys are turned and compared at once, for the same reason."""


def pays(sam: Sam2VideoModel, top: Tensor) -> bool:
    """Whether `read` is the faster way for these features, and may be taken.

    It has no backward pass of its own, and on a GPU one fused kernel beats it.
    """
    one_head = sam.config.memory_attention_num_attention_heads == 1
    plain = top.device.type == "cpu" and top.dtype in (torch.float32, torch.bfloat16)
    return plain and one_head and not (torch.is_grad_enabled() or sam.training)


def read(
    sam: Sam2VideoModel, queries: Tensor, keys: Tensor, positions: Tensor, pointer_tokens: int
) -> Tensor:
    """Memory attention of `sam`, equal to its own to 1e-5.

    Args:
        queries: `[N,L,C]`, with their own position encoding added; or `[1,L,C]`, where all `N` read
            for the same frame.
        keys: `[N,T,64]`, the last `pointer_tokens` of them without a place in the picture.
        positions: `[N,T,64]` or `[1,T,64]`, added to the keys where they are compared.

    Returns:
        `[N,L,C]`.
    """
    attention = sam.memory_attention
    first = attention.layers[0]
    turn, placed = _turn(sam), _placed(sam)
    looked = queries + _self(first.self_attn, first.layer_norm1(queries), turn)
    compared = keys + positions
    keys = keys.to(dtype(first.cross_attn_image.k_proj))
    size = _rows(queries.shape[1], keys.shape[1])
    made = []
    for start in range(0, len(keys), size):
        rows = slice(start, start + size)
        x = looked if len(looked) == 1 else looked[rows]
        for layer in attention.layers:
            if layer is not first:
                x = x + _self(layer.self_attn, layer.layer_norm1(x), turn)
            asked = layer.layer_norm2(x)
            cross = layer.cross_attn_image
            x = x + _cross(cross, asked, compared[rows], keys[rows], turn, placed, pointer_tokens)
            x = _perceptron(layer, x)
        made.append(attention.layer_norm(x))
    return torch.cat(made) if len(made) > 1 else made[0]


def read_unequal(
    sam: Sam2VideoModel,
    queries: Tensor,
    keys: Sequence[Tensor],
    positions: Sequence[Tensor],
    pointer_tokens: Sequence[int],
) -> Tensor:
    """`read` for rows that read unequally much.

    Args:
        queries: as of `read`.
        keys, positions: `[T,64]` of each row.
        pointer_tokens: of each row, how many of its last keys have no place in the picture.
    """
    attention = sam.memory_attention
    first = attention.layers[0]
    turn, placed = _turn(sam), _placed(sam)
    looked = queries + _self(first.self_attn, first.layer_norm1(queries), turn)
    size = _rows(queries.shape[1], max(map(len, keys)))
    made = []
    for start in range(0, len(keys), size):
        rows = slice(start, start + size)
        values = torch.cat(list(keys[rows]))
        compared = values + torch.cat(list(positions[rows]))
        values = values.to(dtype(first.cross_attn_image.k_proj))
        lengths = [(len(one), n) for one, n in zip(keys[rows], pointer_tokens[rows], strict=True)]
        x = looked if len(looked) == 1 else looked[rows]
        for layer in attention.layers:
            if layer is not first:
                x = x + _self(layer.self_attn, layer.layer_norm1(x), turn)
            asked = layer.layer_norm2(x)
            cross = layer.cross_attn_image
            x = x + _cross_unequal(cross, asked, compared, values, turn, placed, lengths)
            x = _perceptron(layer, x)
        made.append(attention.layer_norm(x))
    return torch.cat(made) if len(made) > 1 else made[0]


def _rows(queries: int, keys: int) -> int:
    """Rows that go through a layer at once, of so many queries and keys each."""
    return max(min(TOKENS // queries, KEYS // max(keys, 1)), 1)


class _Placed(NamedTuple):
    """Which tokens of a memory have a place in the picture: all after the first `bare`.

    turn: their rotary positions, complex `[T-bare,C/2]`.
    """

    turn: Tensor
    bare: int


def _turn(sam: Sam2VideoModel) -> Tensor:
    """The rotary positions of a picture's places, complex `[L,C/2]`."""
    return _turns(sam, "position_ids")


def _placed(sam: Sam2VideoModel) -> _Placed:
    if not is_edgetam(sam):
        return _Placed(_turn(sam), 0)
    turn = _turns(sam, "position_ids_k")
    return _Placed(turn, sam.config.perceiver_resampler_num_latents)


def _turns(sam: Sam2VideoModel, name: str) -> Tensor:
    attention = sam.memory_attention
    places, frequencies = getattr(attention, name), attention.rotary_emb.inv_freq

    def make() -> Tensor:
        cosine, sine = attention.rotary_emb(frequencies, places)
        return torch.complex(*(one.reshape(-1, one.shape[-1])[:, ::2] for one in (cosine, sine)))

    return constant(attention, name, (places, frequencies), make)


def _perceptron(layer: Any, x: Tensor) -> Tensor:
    part = getattr(layer, "mlp", None)
    if part is None:
        widen, then, narrow = layer.linear1, layer.activation, layer.linear2
    else:
        widen, then, narrow = part.up_proj, part.act_fn, part.down_proj
    return linear(narrow, linear(widen, layer.layer_norm3(x), then), onto=x)


def _self(part: Any, x: Tensor, turn: Tensor) -> Tensor:
    """Attention of each row of `[N,L,C]` to itself."""
    tokens = x.shape[1]
    queries = _turned(linear(part.q_proj, x), turn, 0, tokens)
    keys = _turned(linear(part.k_proj, x), turn, 0, tokens)
    values = linear(part.v_proj, x)
    read = average(queries[:, None] * part.scaling, keys[:, None], values[:, None])
    return linear(part.o_proj, read[:, 0])


def _cross(
    part: Any,
    asked: Tensor,
    compared: Tensor,
    values: Tensor,
    turn: Tensor,
    placed: _Placed,
    pointer_tokens: int,
) -> Tensor:
    """Attention of `asked` `[N,L,C]` or `[1,L,C]` over keys `[N,T,64]`, their values not projected
    before they are averaged.
    """
    queries = _turned(linear(part.q_proj, asked), turn, 0, asked.shape[1])
    keys = _turned(linear(part.k_proj, compared), *placed, compared.shape[1] - pointer_tokens)
    read = average(queries[:, None] * part.scaling, keys[:, None], values[:, None])
    return linear(part.o_proj, linear(part.v_proj, read[:, 0]))


def _cross_unequal(
    part: Any,
    asked: Tensor,
    compared: Tensor,
    values: Tensor,
    turn: Tensor,
    placed: _Placed,
    lengths: Sequence[tuple[int, int]],
) -> Tensor:
    """`_cross` over keys `[sum T,64]`; lengths: how many each row has, how many without a place."""
    queries = _turned(linear(part.q_proj, asked), turn, 0, asked.shape[1]) * part.scaling
    queries = queries.expand(len(lengths), -1, -1)
    keys = linear(part.k_proj, compared)
    start, made = 0, []
    for number, (length, pointers) in enumerate(lengths):
        own = slice(start, start + length)
        turned = _turned(keys[own][None], *placed, length - pointers)[0]
        made.append(
            average(queries[number, None, None], turned[None, None], values[None, None, own])
        )
        start += length
    return linear(part.o_proj, linear(part.v_proj, torch.cat(made)[:, 0]))


def _turned(states: Tensor, turn: Tensor, bare: int, tokens: int) -> Tensor:
    """`[N,T,C]`, its first `tokens` turned in place by their places `[L,C/2]`, over and over.

    bare: before every `L` of them so many are left as they are.
    """
    if not tokens:
        return states
    placed = states[:, :tokens].unflatten(1, (-1, bare + len(turn)))[:, :, bare:]
    placed = placed.unflatten(-1, (-1, 2))
    if states.dtype == torch.float32:
        torch.view_as_complex(placed).mul_(turn)
    else:
        turned = torch.view_as_complex(placed.float()) * turn
        placed.copy_(torch.view_as_real(turned))
    return states
