"""Memory attention: what a frame reads from other frames."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2 import memory_attention, precision
from momentvos.sam2.compiled import BATCHES, program, wanted
from momentvos.sam2.family import is_edgetam
from momentvos.sam2.perceiver import token_positions
from momentvos.sam2.positions import sine

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def attend(
    sam: Sam2VideoModel,
    top: Tensor,
    memories: Tensor | None = None,
    slots: Tensor | None = None,
    pointers: Tensor | None = None,
    offsets: Tensor | None = None,
) -> Tensor:
    """Condition `top` on memories of other frames (TGL Eq. 3).

    Args:
        top: `[N,C,h,w]`, the frames that read.
        memories: `[N,K,M,h,w]` (of EdgeTAM `[N,K,M,T,1]`) from `remember`, in any order; None is
            the same as `K = 0`.
        slots: int64 `[N,K]`, row of `memory_temporal_positional_encoding` for each memory. SAM2
            gives the last row (-1) to conditioning frames and row `d - 1` to the frame `d` back.
        pointers: `[N,P,C]`, object pointers; None is the same as `P = 0`.
        offsets: float `[N,P]`, temporal distance of each pointer divided by the largest one
            allowed (`max_object_pointers - 1`); None, or a model without the projection for it
            (SAM2.0), encodes no distance.

    Returns:
        `[N,C,h,w]`; without anything to read, `top + no_memory_embedding`.
    """
    n, channels, height, width = top.shape
    reading = Reading(memories, slots, pointers, offsets)
    if not reading.count:
        blank: Tensor = sam.no_memory_embedding
        bare: Tensor = top + blank.view(1, channels, 1, 1)
        return bare
    programmed = _programmed(sam, top, [(range(n), reading)])
    if programmed is not None:
        return programmed
    sequence, places, pointer_tokens = _tokens(sam, reading, top.dtype)
    attended: Tensor
    if memory_attention.pays(sam, top):
        queries = _queries(sam, top)
        attended = memory_attention.read(sam, queries, sequence, places, pointer_tokens)
    else:
        where = sine(sam.vision_encoder.neck.position_encoding, top[:1]).to(top.dtype)
        queries = top.flatten(2).permute(2, 0, 1)
        sequence, places = sequence.transpose(0, 1), places.transpose(0, 1)
        reduced = precision.dtype(sam.memory_attention.layers[0].self_attn.q_proj)
        plain = reduced == top.dtype
        count = 0 if memories is None else memories.shape[1]
        more = {"num_spatial_memory_tokens": count} if is_edgetam(sam) else {}
        with nullcontext() if plain else torch.autocast(top.device.type, reduced):
            attended = sam.memory_attention(
                queries, sequence, where.transpose(0, 1), places, pointer_tokens, **more
            )
        attended = attended.reshape(n, height * width, channels).to(top.dtype)
    made: Tensor = attended.transpose(1, 2).unflatten(2, (height, width))
    return made


@dataclass(frozen=True)
class Reading:
    """What some rows read, equally much each: the arguments of `attend` of these names."""

    memories: Tensor | None = None
    slots: Tensor | None = None
    pointers: Tensor | None = None
    offsets: Tensor | None = None

    @property
    def count(self) -> int:
        """Memories and pointers of a row."""
        parts = (part for part in (self.memories, self.pointers) if part is not None)
        return sum(part.shape[1] for part in parts)


def attend_unequal(
    sam: Sam2VideoModel, top: Tensor, groups: Sequence[tuple[Sequence[int], Reading]]
) -> Tensor:
    """`attend` of rows of which some read more than others.

    groups: rows of `top` `[N,C,h,w]`, each once, with what they read.
    """
    together = [group for group in groups if group[1].count]
    apart = [group for group in groups if not group[1].count]
    if not apart:
        programmed = _programmed(sam, top, groups)
        if programmed is not None:
            return programmed
    if not memory_attention.pays(sam, top):
        together, apart = [], list(groups)
    shared = _shared(top)
    parts, order = [], [row for rows, _ in (*apart, *together) for row in rows]
    for rows, read in apart:
        if shared:
            own = top[:1].expand(len(rows), -1, -1, -1)
        else:
            own = top[list(rows)]
        parts.append(attend(sam, own, read.memories, read.slots, read.pointers, read.offsets))
    if together:
        tokens = [_tokens(sam, read, top.dtype) for _, read in together]
        rows = [row for own, _ in together for row in own]
        own = top[:1] if shared else top[rows]
        keys = [one for sequence, _, _ in tokens for one in sequence]
        positions = [
            one for sequence, places, _ in tokens for one in places.expand(len(sequence), -1, -1)
        ]
        pointers = [count for sequence, _, count in tokens for _ in sequence]
        queries = _queries(sam, own)
        attended = memory_attention.read_unequal(sam, queries, keys, positions, pointers)
        parts.append(attended.transpose(1, 2).unflatten(2, top.shape[2:]))
    index = torch.tensor(order, device=top.device).argsort()
    return torch.cat(parts).index_select(0, index)


def _programmed(
    sam: Sam2VideoModel, top: Tensor, groups: Sequence[tuple[Sequence[int], Reading]]
) -> Tensor | None:
    """`attend_unequal` by a program; None: there is none, or no room for all that is read."""
    attention = sam.memory_attention
    if not wanted(attention) or is_edgetam(sam):
        return None
    from momentvos.sam2 import padded_attention as fixed

    keys = [fixed.Keys(*_tokens(sam, read, top.dtype)) for _, read in groups]
    most = fixed.room(sam, top.shape[2] * top.shape[3])
    if not fixed.fits(keys, most):
        return None
    order = torch.tensor([row for rows, _ in groups for row in rows], device=top.device)
    tokens, positions, there = (part[order.argsort()] for part in fixed.padded(keys, most))
    queries = _queries(sam, top).expand(len(top), -1, -1).contiguous()
    run = program(attention, "read", fixed.read, BATCHES)
    turn = fixed.rotary(attention)
    attended = run(attention, queries, tokens, positions, there, *turn, most.pointers)
    made: Tensor = attended.to(top.dtype).transpose(1, 2).unflatten(2, top.shape[2:])
    return made


def _shared(top: Tensor) -> bool:
    """Whether it is one frame, expanded to all that read for it."""
    return len(top) > 1 and top.stride(0) == 0


def _queries(sam: Sam2VideoModel, top: Tensor) -> Tensor:
    """Queries `[N,h*w,C]` of `memory_attention.read`; `[1,h*w,C]` of one frame for all."""
    where = sine(sam.vision_encoder.neck.position_encoding, top[:1]).to(top.dtype)
    return (top[:1] if _shared(top) else top).flatten(2).transpose(1, 2) + 0.1 * where


def _tokens(sam: Sam2VideoModel, read: Reading, dtype: torch.dtype) -> tuple[Tensor, Tensor, int]:
    """Keys `[N,T,64]`, their positions `[N or 1,T,64]`, and how many of the last are pointers."""
    keys: list[Tensor] = []
    positions: list[Tensor] = []
    memories, pointers, pointer_tokens = read.memories, read.pointers, 0
    if memories is not None and memories.shape[1]:
        if read.slots is None:
            raise ValueError("slots [N,K] are needed with memories [N,K,M,h,w]")
        spatial = token_positions(sam, memories[:1, 0])
        temporal = sam.memory_temporal_positional_encoding.flatten(1)[read.slots]
        keys.append(memories.flatten(3).transpose(2, 3).flatten(1, 2))
        positions.append((spatial[:, None] + temporal[:, :, None]).flatten(1, 2))
    if pointers is not None and pointers.shape[1]:
        keys.append(pointers.reshape(len(pointers), -1, sam.mem_dim))
        pointer_tokens = keys[-1].shape[1]
        positions.append(_pointer_positions(sam, pointers, read.offsets))
    return _sequence(sam, keys, dtype), _sequence(sam, positions, dtype), pointer_tokens


def _sequence(sam: Sam2VideoModel, parts: list[Tensor], dtype: torch.dtype) -> Tensor:
    """Tokens `[N,T,M]` as one sequence `[N,sum T,64]`.

    transformers fixes the width that memory attention reads to 64, so narrower memories (small
    models) are filled up with zeros.
    """
    sequence = torch.cat([part.to(dtype) for part in parts], dim=1)
    layer: Any = sam.memory_attention.layers[0]
    width: int = layer.cross_attn_image.k_proj.in_features
    if sam.mem_dim > width:
        raise ValueError(f"memories of {sam.mem_dim} channels: memory attention reads {width}")
    return F.pad(sequence, (0, width - sam.mem_dim)) if width > sam.mem_dim else sequence


def _pointer_positions(sam: Sam2VideoModel, pointers: Tensor, offsets: Tensor | None) -> Tensor:
    """Positions `[N,P*C/M,M]` of the tokens that `pointers` `[N,P,C]` are split into."""
    n, count, channels = pointers.shape
    splits = channels // sam.mem_dim
    if offsets is None or not sam.config.enable_temporal_pos_encoding_for_object_pointers:
        return pointers.new_zeros(n, count * splits, sam.mem_dim)
    half = channels // 2
    exponent = 2 * (torch.arange(half, device=pointers.device) // 2).float() / half
    angle = offsets.float()[..., None] / 10000**exponent
    waves = torch.cat([angle.sin(), angle.cos()], dim=-1).to(pointers.dtype)
    projected: Tensor = sam.temporal_positional_encoding_projection_layer(waves)
    return projected.repeat_interleave(splits, dim=1)
