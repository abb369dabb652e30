"""The memory encoder: what a segmented frame leaves for others to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.compiled import BATCHES, program
from momentvos.sam2.linear import linear
from momentvos.sam2.perceiver import perceive

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def remember(
    sam: Sam2VideoModel, top: Tensor, logits: Tensor, score: Tensor, binarize: bool = False
) -> Tensor:
    """Fuse features and mask into a memory.

    Args:
        top: `[N,C,h,w]`, the frame's features before memory attention.
        logits: `[N,h4,w4]` mask logits; brought to the input size bilinearly if they are not.
        score: `[N]` object score logits; at or below 0 SAM2.1 marks the memory as "no object".
        binarize: threshold the mask first, as SAM2 does (when not training) with prompted masks.

    Returns:
        `[N,M,h,w]` memory; of EdgeTAM the tokens `[N,M,T,1]` that its perceiver makes of it.
    """
    run = program(sam.memory_encoder, "remember", _remember, BATCHES)
    made: Tensor = run(sam, top, logits, score, binarize)
    return made


def _remember(
    sam: Sam2VideoModel, top: Tensor, logits: Tensor, score: Tensor, binarize: bool
) -> Tensor:
    quarter = sam.prompt_encoder.mask_input_size
    size = (quarter[0] * 4, quarter[1] * 4)
    mask = logits[:, None].float()
    if mask.shape[-2:] != size:
        mask = F.interpolate(mask, size=size, mode="bilinear", align_corners=False)
    mask = mask.to(torch.promote_types(top.dtype, torch.float32))
    mask = (mask > 0).to(mask.dtype) if binarize else mask.sigmoid()
    mask = mask * sam.config.sigmoid_scale_for_mem_enc + sam.config.sigmoid_bias_for_mem_enc

    encoder = sam.memory_encoder
    shared = len(top) > 1 and top.stride(0) == 0
    features = encoder.feature_projection(top[:1] if shared else top)
    fused = features + encoder.mask_downsampler(mask.to(top.dtype))
    memory: Tensor = encoder.projection(_fused(encoder.memory_fuser, fused))
    absent = sam.occlusion_spatial_embedding_parameter
    if absent is not None:
        hidden = (score <= 0).to(memory.dtype).view(-1, 1, 1, 1)
        memory = memory + hidden * absent.view(1, -1, 1, 1)
    return perceive(sam, memory)


def _fused(fuser: Any, x: Tensor) -> Tensor:
    """The memory fuser over `[N,C,h,w]`, its products in the number format of their weights."""
    for layer in fuser.layers:
        if layer.gradient_checkpointing and layer.training:
            x = layer(x)
            continue
        tokens = layer.layer_norm(layer.depthwise_conv(x)).permute(0, 2, 3, 1)
        hidden = linear(layer.pointwise_conv1, tokens, layer.activation)
        branch = layer.scale * linear(layer.pointwise_conv2, hidden)
        x = x + branch.permute(0, 3, 1, 2)
    return x
