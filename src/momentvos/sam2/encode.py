"""The image encoder, stage by stage, so that a system can adapt features in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.pyramid import Pyramid

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def stem(sam: Sam2VideoModel, pixels: Tensor) -> Tensor:
    """Normalised pixels `[N,3,S,S]` to patch embeddings with positions, `[N,S/4,S/4,c]`."""
    backbone = sam.vision_encoder.backbone
    x: Tensor = backbone.patch_embed(pixels)
    height, width = x.shape[1:3]
    window = backbone.pos_embed_window
    position: Tensor = F.interpolate(backbone.pos_embed, size=(height, width), mode="bicubic")
    tiles = (height // window.shape[2], width // window.shape[3])
    position = position + window.tile(1, 1, *tiles)
    return x + position.permute(0, 2, 3, 1)


def stage(sam: Sam2VideoModel, k: int, x: Tensor) -> Tensor:
    """Hiera stage `k` (0 to 3), channels last; stages 1 to 3 halve the resolution first."""
    backbone = sam.vision_encoder.backbone
    ends = backbone.stage_ends
    start = ends[k - 1] + 1 if k else 0
    for block in backbone.blocks[start : ends[k] + 1]:
        x = block(x)
    return x


def pyramid(sam: Sam2VideoModel, outputs: Sequence[Tensor]) -> Pyramid:
    """The neck over the outputs of all stages (`[N,h,w,c]` each, stage 0 first).

    The two high-resolution levels come out of the decoder's `conv_s0` and `conv_s1`, and the
    lowest resolution is only used top-down, as in SAM2.
    """
    high, middle, *rest = _neck(sam, outputs, sam.num_feature_levels)
    decoder = sam.mask_decoder
    return Pyramid((decoder.conv_s0(high), decoder.conv_s1(middle), *rest))


def top(sam: Sam2VideoModel, outputs: Sequence[Tensor]) -> Tensor:
    """The top level `[N,C,h,w]` of `pyramid` alone, at a small part of its cost."""
    return _neck(sam, outputs, 1)[0]


def _neck(sam: Sam2VideoModel, outputs: Sequence[Tensor], count: int) -> list[Tensor]:
    """The `count` levels above the lowest resolution, high to low."""
    neck = sam.vision_encoder.neck
    last = len(outputs) - 1
    skipped = len(outputs) - sam.num_feature_levels
    levels: list[Tensor] = []
    for k in range(last, last - skipped - count, -1):
        level = neck.convs[last - k](outputs[k].permute(0, 3, 1, 2))
        if k in neck.fpn_top_down_levels and k != last:
            coarse = F.interpolate(levels[-1].float(), scale_factor=2.0, mode="nearest")
            level = level + coarse.to(level.dtype)
        levels.append(level)
    return levels[-count:][::-1]


def encode(sam: Sam2VideoModel, pixels: Tensor) -> Pyramid:
    """Normalised pixels `[N,3,S,S]` to the plain `Pyramid` (F_SAM)."""
    x = stem(sam, pixels)
    outputs = []
    for k in range(len(sam.vision_encoder.backbone.stage_ends)):
        x = stage(sam, k, x)
        outputs.append(x)
    return pyramid(sam, outputs)
