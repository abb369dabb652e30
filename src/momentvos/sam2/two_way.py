"""The decoder's two-way transformer, with the output of its first layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def two_way(sam: Sam2VideoModel, tokens: Tensor, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens `[N,T,C]` and image `[N,C,h,w]` after all layers, then tokens after the first."""
    transformer = sam.mask_decoder.transformer
    position = _image_position(sam)
    points = tokens[:, None]
    queries = points
    keys = image.flatten(2).transpose(1, 2)[:, None]
    early = queries
    for depth, layer in enumerate(transformer.layers):
        queries, keys, _ = layer(
            queries=queries,
            keys=keys,
            query_point_embedding=points,
            key_point_embedding=position,
            attention_similarity=None,
        )
        if depth == 0:
            early = queries
    attended, _ = transformer.final_attn_token_to_image(
        query=queries + points, key=keys + position, value=keys
    )
    queries = transformer.layer_norm_final_attn(queries + attended)
    return queries[:, 0], keys[:, 0].transpose(1, 2).reshape(image.shape), early[:, 0]


def _image_position(sam: Sam2VideoModel) -> Tensor:
    """Position of every pixel of the top level, `[1,1,h*w,C]`, never in reduced precision."""
    with torch.autocast(sam.no_object_pointer.device.type, enabled=False):
        position: Tensor = sam.get_image_wide_positional_embeddings()
    return position.flatten(2).transpose(1, 2)[:, None]
