"""Data-dependent initialisation of SAM2's memory, for training from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

APPEARANCE = 0.75
"""Share of a memory's channels that hold appearance; the rest hold the mask."""

POSITIONS = 8
"""Number of RoPE's highest frequencies per axis by which attention prefers the same position."""

RANDOM_SCALE = 0.3
"""Factor on the rows of the query and key projections that keep their random weights."""


@torch.no_grad()
def start_memory(sam: Sam2VideoModel, top: Tensor) -> None:
    """Set the weights of the memory encoder and memory attention so that recall works at once.

    SAM2's pretraining on masks has taught its memory attention to match similar appearance. With
    random weights it attends uniformly, and where features are large beside masks and positions,
    both are lost in the sum. Here the neck is scaled so that features have a standard deviation of
    1. A memory keeps their principal components and, in channels of its own, the mask. Queries and
    keys compare these components in the low frequencies of RoPE, which hardly depend on position,
    while the high ones prefer the same position; the values are the rest of the memory.

    Deterministic. Only weights of the neck, the memory encoder and memory attention change; the
    decoder should be trained afterwards.

    Args:
        sam: SAM2, changed in place.
        top: `[N,C,h,w]`, features at stride 16 from before memory attention, of some tens of
            frames of different videos.

    Raises:
        ValueError: memory attention has several heads or is narrower than the features.
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
    count = int(sam.mem_dim * APPEARANCE) // 4 * 4
    components = _components(rows, count)
    _set_encoder(sam, components, rows.mean(0))
    mean_query = nn.functional.layer_norm(rows, (channels,)).mean(0)
    for layer in layers:
        _set_attention(layer.cross_attn_image, components, mean_query)


def _components(rows: Tensor, count: int) -> Tensor:
    """Principal components `[count,C]` of rows `[n,C]`, large ones damped (by the square root of
    their deviation); what they give has unit standard deviation.
    """
    values, vectors = torch.linalg.eigh(torch.cov(rows.T))
    components: Tensor = values[-count:].clamp(min=1e-12)[:, None] ** -0.25 * vectors[:, -count:].T
    return components / ((rows - rows.mean(0)) @ components.T).std()


def _set_encoder(sam: Sam2VideoModel, components: Tensor, mean: Tensor) -> None:
    """Set the memory encoder: the first channels are `components` [count,C] applied to the centred
    features, the others come from the mask.
    """
    encoder, count = sam.memory_encoder, len(components)
    features, masks = encoder.feature_projection, encoder.mask_downsampler.final_conv
    nn.init.zeros_(features.weight)
    nn.init.zeros_(features.bias)
    features.weight[:count] = components[:, :, None, None]
    features.bias[:count] = -components @ mean
    masks.weight[:count] = 0
    masks.bias[:count] = 0
    weight = torch.zeros(encoder.projection.weight.shape[:2], device=components.device)
    weight[:count, :count] = torch.eye(count)
    weight[count:, count:] = torch.eye(weight.shape[0] - count, weight.shape[1] - count)
    encoder.projection.weight.copy_(weight[:, :, None, None])
    nn.init.zeros_(encoder.projection.bias)


def _set_attention(attention: Any, components: Tensor, mean_query: Tensor) -> None:
    """Set one layer's query and key projections; `mean_query` [C] is the mean input of the queries.

    RoPE rotates channels 2p and 2p + 1 together, first those of x and then those of y, from high to
    low frequency.
    """
    queries, keys = attention.q_proj, attention.k_proj
    count, pairs = len(components), components.shape[1] // 4
    first = torch.arange(pairs)[:, None] * 2 + torch.arange(2)
    low = torch.cat([axis * 2 * pairs + first[pairs - count // 4 :].flatten() for axis in (0, 1)])
    high = torch.cat([axis * 2 * pairs + first[:POSITIONS, 0] for axis in (0, 1)])
    for projection in (queries, keys):
        projection.weight *= RANDOM_SCALE
        nn.init.zeros_(projection.bias)
        projection.weight[high] = 0
        projection.bias[high] = 1
    queries.weight[low], queries.bias[low] = components, -components @ mean_query
    keys.weight[low] = torch.eye(count, keys.in_features, device=components.device)
