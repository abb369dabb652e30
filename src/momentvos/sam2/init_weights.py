"""Initial weights of SAM2 for training from scratch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


def draw_layers(modules: Iterable[nn.Module]) -> None:
    """Initialise linear and convolutional layers by fan-in.

    ``transformers`` uses a standard deviation of 0.02, since it expects pretrained weights to
    follow. At a small model's widths that makes activations far too small to learn quickly.
    """
    for module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.reset_parameters()


def draw_tokens(sam: Sam2VideoModel) -> None:
    """Initialise the parameters of SAM2 that are not layers.

    Learned tokens get a standard deviation of 1, that of the prompts beside them; positional and
    temporal encodings get 0.02, and the residual branches of the memory fuser the layer scale of
    the configuration.
    """
    decoder, prompts = sam.mask_decoder, sam.prompt_encoder
    for token in (decoder.obj_score_token, decoder.iou_token, decoder.mask_tokens):
        nn.init.normal_(token.weight)
    for token in (prompts.not_a_point_embed, prompts.no_mask_embed, prompts.point_embed):
        nn.init.normal_(token.weight)
    backbone = sam.vision_encoder.backbone
    for positions in (
        backbone.pos_embed,
        backbone.pos_embed_window,
        sam.memory_temporal_positional_encoding,
        sam.no_memory_embedding,
        sam.no_object_pointer,
    ):
        nn.init.trunc_normal_(positions, std=0.02)
    scale = sam.config.memory_fuser_layer_scale_init_value
    for layer in sam.memory_encoder.memory_fuser.layers:
        nn.init.constant_(layer.scale, scale)
