"""Data-dependent initialisation of the adapters: attention that tracks objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.batch import ClipBatch
from momentvos.sam2 import to_pixels
from momentvos.systems.patches.motion import MOVING
from momentvos.systems.tgl.adapter import CrossModalAdapter
from momentvos.systems.tgl.features import Shared, adapted_features, shared_features
from momentvos.systems.tgl.hsa import HierarchicalSelectiveAttention
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

TIME, PLACE = slice(0, 16), slice(16, 32)
"""Channels of an adapter that start free of content: those whose sine embedding best tells frames
apart, and those that say where a token is."""

SHIFTS = (-5.0, -3.5, -2.0, 0.0, 2.0, 3.5, 5.0)
"""Frames by which HSA's heads attend ahead; further heads keep their random weights."""

LATE, NEAR, SIMILAR = 1.6, 3.2, 5.0
"""Weights of time, place and content in the heads' queries and keys."""


@torch.no_grad()
def init_adapters(model: TglModel, batch: ClipBatch) -> None:
    """Set the adapters' weights so that attention tracks objects from the first step.

    With random weights HSA attends to all tokens equally, and motion cannot be read from its
    output. Here head i of every HSA attends to similar content, near the same place, SHIFTS[i]
    frames later, and its value is the place of that. Queries and keys are centred on the mean
    token, or the background would outweigh every object, and the visual deltas, motion's too, get
    the scale of the features they are added to. Both are measured on `batch`, so the encoders
    should be trained on "names" before.

    The paper's adapters learn beside pretrained encoders. Only weights change.
    Raises ValueError for adapters with less than 64 channels or heads of less than 9.
    """
    config = model.config
    if config.adapter_dim < 64 or config.adapter_dim // config.adapter_heads < 9:
        raise ValueError("the adapters are too narrow to keep time, place and content apart")
    queries = [batch.video.tolist().index(video) for video in range(len(batch.frames))]
    tokens = model.tokenize([batch.sentences[query] for query in queries])
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    for adapter, stage in zip(model.adapters, config.visual_stages, strict=True):
        assert isinstance(adapter, CrossModalAdapter)
        if adapter.hsa is not None:
            _encode_places(adapter)
        visual, inside = _inputs(model, adapter, shared, tokens)
        if model.motion is not None and stage in MOVING:
            up = model.motion.up[MOVING.index(stage)]
            assert isinstance(up, nn.Linear)
            nn.init.normal_(up.weight, std=_spread(visual) / up.in_features**0.5)
            visual, inside = _inputs(model, adapter, shared, tokens)
        if adapter.hsa is not None and inside is not None:
            part = adapter.patch / visual.shape[2]
            _aim_heads(adapter.hsa, inside.flatten(0, 1).mean(0), visual.shape[1], part)
        nn.init.constant_(adapter.proj_vis_up[1].weight, _spread(visual))  # type: ignore[arg-type]


def _spread(visual: Tensor) -> float:
    """Deviation from the mean place of [L, T, h, w, C]."""
    return float((visual - visual.flatten(0, -2).mean(0)).std())


def _inputs(
    model: TglModel, adapter: CrossModalAdapter, shared: Shared, tokens: Tokens
) -> tuple[Tensor, Tensor | None]:
    """Inputs of an adapter [L, T, h, w, C] and of its HSA [B, S, d] with the current weights."""
    captured: dict[str, Tensor] = {}

    def capture(name: str) -> Any:
        return lambda module, inputs: captured.__setitem__(name, inputs[0])

    hooks = [adapter.register_forward_pre_hook(capture("adapter"))]
    if adapter.hsa is not None:
        hooks.append(adapter.hsa.register_forward_pre_hook(capture("hsa")))
    adapted_features(model, shared, tokens)
    for hook in hooks:
        hook.remove()
    return captured["adapter"], captured.get("hsa")


def _encode_places(adapter: CrossModalAdapter) -> None:
    """No content in the channels of time and place; sine and cosine of x and y in the latter."""
    patch = adapter.patch
    down = adapter.proj_vis_down[0]
    assert isinstance(down, nn.Conv2d)
    down.weight[: PLACE.stop] = 0
    along = (torch.arange(patch) + 0.5) * (1.5 * math.pi / patch)
    y, x = torch.meshgrid(along, along, indexing="ij")
    where = torch.stack([x.sin(), x.cos(), y.sin(), y.cos()], -1).flatten(0, 1)
    embedding = torch.zeros(patch * patch, adapter.spatial_pos_embed.shape[-1])
    embedding[:, PLACE] = where.repeat(1, 4)
    adapter.spatial_pos_embed.copy_(embedding)


def _aim_heads(hsa: HierarchicalSelectiveAttention, mean: Tensor, frames: int, part: float) -> None:
    """Queries, keys and values of the heads. mean: token [d]; part: share of the map in a patch."""
    attn = hsa.self_attn
    dim, width = attn.embed_dim, attn.embed_dim // attn.num_heads
    near = NEAR * max(part, 0.5)
    queries, keys, values = attn.in_proj_weight.view(3, attn.num_heads, width, dim)
    query_bias, key_bias, _ = attn.in_proj_bias.view(3, attn.num_heads, width)
    place = torch.zeros(4, dim)
    place[:, PLACE] = torch.eye(4).repeat(1, 4) / 4
    for head, shift in enumerate(SHIFTS[: attn.num_heads]):
        key, query = torch.zeros(width, dim), torch.zeros(width, dim)
        for pair in range(4):  # two rows of two frequencies each
            angle = 2 * math.pi * shift / frames * 10000.0 ** (-2 * pair / dim)
            turn = torch.tensor(
                [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
            )
            rows, columns = slice(pair // 2 * 2, pair // 2 * 2 + 2), slice(2 * pair, 2 * pair + 2)
            key[rows, columns] = LATE * torch.eye(2)
            query[rows, columns] = LATE * turn
        key[4:8] = query[4:8] = near * place
        content = torch.randn(width - 8, dim) * SIMILAR / dim**0.5
        content[:, : PLACE.stop] = 0
        key[8:] = query[8:] = content
        queries[head], keys[head] = query, key
        values[head, :4] = place
        query_bias[head], key_bias[head] = 0, 0
        query_bias[head, 8:] = key_bias[head, 8:] = -content @ mean.cpu()
    nn.init.orthogonal_(attn.out_proj.weight)
    nn.init.orthogonal_(hsa.linear.weight)
