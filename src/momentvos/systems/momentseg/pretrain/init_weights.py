"""Initial weights for training from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMaskDecoder

from momentvos.mllm.init_weights import init_vision_tower
from momentvos.sam2.init_weights import draw_layers, draw_tokens

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


def init_weights(model: MomentSegModel) -> None:
    """Draw SAM2 and the vision tower anew by the width of each layer's input.

    The language model keeps its own initial weights, made for its size of 0.02. The last layer of
    the perceptron of [SEG] gives a deviation of about 1, as SAM2's learned tokens have.
    """
    draw_layers(model.sam.modules())
    init_vision_tower(model.mllm.model.visual)
    draw_tokens(model.sam)
    for module in model.seg_mlp.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


def init_mask_choices(decoder: Sam2VideoMaskDecoder) -> None:
    """Start each of a decoder's three masks from its single one.

    TGL trains only that one, and MomentSeg takes the best of the others.
    """
    with torch.no_grad():
        decoder.mask_tokens.weight[1:] = decoder.mask_tokens.weight[:1]
    single = decoder.output_hypernetworks_mlps[0].state_dict()
    for mlp in decoder.output_hypernetworks_mlps[1:]:
        mlp.load_state_dict(single)
