"""First weights of SAM2's memory, for training from scratch: attention that finds what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

CONTENT = 0.75
"""Share of a memory's channels that hold what a place looks like; the rest hold its mask."""

PLACES = 8
"""Fastest turns of each axis of RoPE by which attention prefers the same place."""

OTHERS = 0.3
"""Factor on those rows of the queries and keys that stay as they were drawn."""


@torch.no_grad()
def start_memory(sam: Sam2VideoModel, top: Tensor) -> None:
    """Set the weights of memory so that it can be read from the first step.

    SAM2's pretraining on masks has taught its memory attention to look for what is alike; with
    random weights it attends to everything alike, and where features are large beside masks and
    positions neither is heard at all. Here the neck is scaled so that features have a deviation of
    1. A memory keeps their leading components and, apart from them, the mask; queries and keys of
    both are compared in the slow turns of RoPE, which hardly mind the place, while the fast
    ones prefer the same place, and values are what the rest of the memory holds.

    top: `[N,C,h,w]`, features at stride 16 from before memory attention, of some tens of frames of
    different videos. Only weights of the neck, the memory encoder and memory attention change; the
    decoder should learn afterwards. Without randomness.

    Raises ValueError where memory attention has several heads or is narrower than the features.
    """
    layers: Any = sam.memory_attention.layers
    attention = layers[0].cross_attn_image
    channels = top.shape[1]
    if attention.num_attention_heads != 1 or attention.internal_dim != channels:
        raise ValueError("memory attention needs one head as wide as the features")
    rows = top.flatten(2).transpose(1, 2).flatten(0, 1).float()
    scale = rows.std()
    for conv in sam.vision_encoder.neck.convs[:-2]:
        conv.weight /= scale
        conv.bias /= scale
    rows = rows / scale
    held = int(sam.mem_dim * CONTENT) // 4 * 4
    look = _components(rows, held)
    _write(sam, look, rows.mean(0))
    usual = nn.functional.layer_norm(rows, (channels,)).mean(0)
    for layer in layers:
        _aim(layer.cross_attn_image, look, usual)


def _components(rows: Tensor, count: int) -> Tensor:
    """Leading components `[count,C]` of rows `[n,C]`; the great ones dampened, together of unit
    deviation.
    """
    values, vectors = torch.linalg.eigh(torch.cov(rows.T))
    look = values[-count:].clamp(min=1e-12)[:, None] ** -0.25 * vectors[:, -count:].T
    out: Tensor = look / ((rows - rows.mean(0)) @ look.T).std()
    return out


def _write(sam: Sam2VideoModel, look: Tensor, mean: Tensor) -> None:
    """A memory's first channels are `look` [count,C] at the features less their mean, the others
    come of the mask.
    """
    encoder, count = sam.memory_encoder, len(look)
    features, masks = encoder.feature_projection, encoder.mask_downsampler.final_conv
    nn.init.zeros_(features.weight)
    nn.init.zeros_(features.bias)
    features.weight[:count] = look[:, :, None, None]
    features.bias[:count] = -look @ mean
    masks.weight[:count] = 0
    masks.bias[:count] = 0
    weight = torch.zeros(encoder.projection.weight.shape[:2], device=look.device)
    weight[:count, :count] = torch.eye(count)
    weight[count:, count:] = torch.eye(weight.shape[0] - count, weight.shape[1] - count)
    encoder.projection.weight.copy_(weight[:, :, None, None])
    nn.init.zeros_(encoder.projection.bias)


def _aim(attention: Any, look: Tensor, usual: Tensor) -> None:
    """Queries and keys of one layer; `usual` [C] is the mean of what the queries are made of.

    RoPE turns channels 2p and 2p + 1 together, first those of x and then those of y, from fast to
    slow.
    """
    queries, keys = attention.q_proj, attention.k_proj
    count, turns = len(look), look.shape[1] // 4
    first = torch.arange(turns)[:, None] * 2 + torch.arange(2)
    slow = torch.cat([axis * 2 * turns + first[turns - count // 4 :].flatten() for axis in (0, 1)])
    fast = torch.cat([axis * 2 * turns + first[:PLACES, 0] for axis in (0, 1)])
    for projection in (queries, keys):
        projection.weight *= OTHERS
        nn.init.zeros_(projection.bias)
        projection.weight[fast] = 0
        projection.bias[fast] = 1
    queries.weight[slow], queries.bias[slow] = look, -look @ usual
    keys.weight[slow] = torch.eye(count, keys.in_features, device=look.device)
