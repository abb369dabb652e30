"""The image encoder (Hiera or RepViT), stage by stage, so that a system can adapt features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from momentvos.sam2 import repvit_steps
from momentvos.sam2.compiled import program
from momentvos.sam2.constants import constant
from momentvos.sam2.hiera import blocks
from momentvos.sam2.precision import apply
from momentvos.sam2.pyramid import Pyramid
from momentvos.sam2.repvit import RepVit

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def stem(sam: Sam2VideoModel, pixels: Tensor) -> Tensor:
    """Normalised pixels `[N,3,S,S]` to what the first stage reads, `[N,S/4,S/4,c]`."""
    backbone = sam.vision_encoder.backbone
    if isinstance(backbone, RepVit):
        return repvit_steps.stem(backbone, pixels)
    x: Tensor = backbone.patch_embed(pixels.contiguous(memory_format=torch.channels_last))
    height, width = x.shape[1:3]
    fine, coarse = backbone.pos_embed_window, backbone.pos_embed
    position = constant(
        backbone, ("position", height, width), (fine, coarse), lambda: _position(fine, coarse, x)
    )
    return x + position


def _position(fine: Tensor, coarse: Tensor, x: Tensor) -> Tensor:
    """Position of each patch of `x` `[N,h,w,c]`, `[1,h,w,c]`."""
    height, width = x.shape[1:3]
    position: Tensor = F.interpolate(coarse, size=(height, width), mode="bicubic")
    tiled = fine.tile(1, 1, height // fine.shape[2], width // fine.shape[3])
    return (position + tiled).permute(0, 2, 3, 1).contiguous()


def stage(sam: Sam2VideoModel, k: int, x: Tensor) -> Tensor:
    """Stage `k` (0 to 3), channels last; stages 1 to 3 halve the resolution first."""
    backbone = sam.vision_encoder.backbone
    if isinstance(backbone, RepVit):
        run = program(sam.vision_encoder, "steps", repvit_steps.steps)
        stepped: Tensor = run(repvit_steps.stage(backbone, k), x)
        return stepped
    ends = backbone.stage_ends
    start = ends[k - 1] + 1 if k else 0
    run = program(sam.vision_encoder, "blocks", blocks)
    made: Tensor = run(backbone.blocks[start : ends[k] + 1], x)
    return made


def pyramid(sam: Sam2VideoModel, outputs: Sequence[Tensor]) -> Pyramid:
    """The neck over the outputs of all stages (`[N,h,w,c]` each, stage 0 first).

    The two high-resolution levels come out of the decoder's `conv_s0` and `conv_s1`, and the
    lowest resolution is only used top-down, as in SAM2.
    """
    decoder = sam.mask_decoder
    return Pyramid(
        tuple(_neck(sam, outputs, sam.num_feature_levels, (decoder.conv_s0, decoder.conv_s1)))
    )


def top(sam: Sam2VideoModel, outputs: Sequence[Tensor]) -> Tensor:
    """The top level `[N,C,h,w]` of `pyramid` alone, at a small part of its cost."""
    return _neck(sam, outputs, 1)[0]


def _neck(
    sam: Sam2VideoModel, outputs: Sequence[Tensor], count: int, then: Sequence[nn.Conv2d] = ()
) -> list[Tensor]:
    """The `count` levels above the lowest resolution, high to low, the first of them after `then`.

    A level that no other one builds on goes through both of its convolutions at once.
    """
    neck = sam.vision_encoder.neck
    last = len(outputs) - 1
    skipped = len(outputs) - sam.num_feature_levels
    made: list[Tensor] = []
    coarse = outputs[last].new_empty(0)
    for k in range(last, last - skipped - count, -1):
        lateral, below = neck.convs[last - k], k - 1 in neck.fpn_top_down_levels
        downwards = k in neck.fpn_top_down_levels and k != last
        if k < len(then) and not below and not downwards and _pointwise(lateral, then[k]):
            made.append(_both(lateral, then[k], outputs[k]))
            continue
        level = apply(lateral, outputs[k].permute(0, 3, 1, 2)).to(outputs[k].dtype)
        if downwards:
            finer = F.interpolate(coarse.float(), scale_factor=2.0, mode="nearest")
            level = level + finer.to(level.dtype)
        coarse = level
        made.append(then[k](level) if k < len(then) else level)
    return made[-count:][::-1]


def _pointwise(*convolutions: nn.Conv2d) -> bool:
    return all(one.kernel_size == (1, 1) and one.stride == (1, 1) for one in convolutions)


def _both(first: nn.Conv2d, second: nn.Conv2d, x: Tensor) -> Tensor:
    """Two convolutions of one pixel each over `[N,h,w,c]`, as the one that they amount to."""
    added, last = first.bias, second.bias
    assert added is not None and last is not None
    parts = (first.weight, added, second.weight, last)

    def product() -> tuple[Tensor, Tensor]:
        inner, shift, outer, rest = (part.float() for part in parts)
        inner, outer, kind = inner.flatten(1), outer.flatten(1), first.weight.dtype
        return (outer @ inner).to(kind), (outer @ shift + rest).to(kind)

    weight, bias = constant(first, "with the next", parts, product)
    return F.linear(x.to(weight.dtype), weight, bias).to(x.dtype).permute(0, 3, 1, 2)


def encode(sam: Sam2VideoModel, pixels: Tensor) -> Pyramid:
    """Normalised pixels `[N,3,S,S]` to the plain `Pyramid` (F_SAM)."""
    x = stem(sam, pixels)
    outputs = []
    for k in range(len(sam.config.vision_config.backbone_channel_list)):
        x = stage(sam, k, x)
        outputs.append(x)
    return pyramid(sam, outputs)
