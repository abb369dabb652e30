"""SAM2 in the sizes that the systems here are built on."""

import copy
from math import lcm
from typing import Any

from transformers import Sam2HieraDetConfig, Sam2VideoConfig, Sam2VideoModel, Sam2VisionConfig
from transformers.models.sam2_video.configuration_sam2_video import (
    Sam2VideoMaskDecoderConfig,
    Sam2VideoPromptEncoderConfig,
)

from momentvos.sam2.family import is_edgetam
from momentvos.sam2.perceiver import parts_in_a_row

HIERA_BASE_PLUS = {
    "hidden_size": 112,
    "num_attention_heads": 2,
    "blocks_per_stage": [2, 3, 16, 3],
    "embed_dim_per_stage": [112, 224, 448, 896],
    "num_attention_heads_per_stage": [2, 4, 8, 16],
    "window_size_per_stage": [8, 4, 14, 7],
    "window_positional_embedding_background_size": [14, 14],
    "global_attention_blocks": [12, 16, 20],
}
HIERA_LARGE = {
    "hidden_size": 144,
    "num_attention_heads": 2,
    "blocks_per_stage": [2, 6, 36, 4],
    "embed_dim_per_stage": [144, 288, 576, 1152],
    "num_attention_heads_per_stage": [2, 4, 8, 16],
    "window_size_per_stage": [8, 4, 16, 8],
    "window_positional_embedding_background_size": [7, 7],
    "global_attention_blocks": [23, 33, 43],
}


def sam_config(
    hiera: Sam2HieraDetConfig,
    *,
    hidden: int = 256,
    memory: int = 64,
    layers: int = 4,
    feed_forward: int = 2048,
    pointer_encoding: bool = False,
    occlusion_embedding: bool = False,
    **others: Any,
) -> Sam2VideoConfig:
    """SAM2 at any size; the defaults beside `hiera` are those of SAM2.0.

    Args:
        hiera: the image encoder.
        hidden: channels C of the neck, the decoder and memory attention.
        memory: channels M of a memory.
        layers, feed_forward: of memory attention; the decoder's MLP has the same width.
        pointer_encoding, occlusion_embedding: SAM2.1's two additions.
        others: further fields of ``Sam2VideoConfig``.
    """
    size = hiera.image_size[0]
    vision = Sam2VisionConfig(
        backbone_config=hiera,
        backbone_channel_list=list(reversed(hiera.embed_dim_per_stage)),
        backbone_feature_sizes=[[size // stride, size // stride] for stride in (4, 8, 16)],
        fpn_hidden_size=hidden,
    )
    return Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config=Sam2VideoPromptEncoderConfig(hidden_size=hidden, image_size=size),
        mask_decoder_config=Sam2VideoMaskDecoderConfig(
            hidden_size=hidden, mlp_dim=feed_forward, iou_head_hidden_dim=hidden
        ),
        image_size=size,
        memory_attention_hidden_size=hidden,
        memory_attention_num_layers=layers,
        memory_attention_feed_forward_hidden_size=feed_forward,
        memory_attention_rope_feat_sizes=[size // 16, size // 16],
        memory_encoder_hidden_size=hidden,
        memory_encoder_output_channels=memory,
        mask_downsampler_embed_dim=hidden,
        memory_fuser_embed_dim=hidden,
        memory_fuser_intermediate_dim=4 * hidden,
        enable_temporal_pos_encoding_for_object_pointers=pointer_encoding,
        enable_occlusion_spatial_embedding=occlusion_embedding,
        **others,
    )


def at_size(config: Sam2VideoConfig, size: int) -> Sam2VideoConfig:
    """The same model for pictures of `size` x `size` pixels; its weights fit as they are."""
    made = copy.deepcopy(config)
    _set_size(made, size)
    return made


def resize(sam: Sam2VideoModel, size: int) -> None:
    """Let a model work at pictures of `size` x `size` pixels, in place.

    Raises ValueError for a size that is no multiple of `step`.
    """
    if size % step(sam.config) or size < 1:
        raise ValueError(f"a multiple of {step(sam.config)} pixels, not {size}")
    _set_size(sam.config, size)
    sam.image_size, vision = size, sam.config.vision_config
    sam.backbone_feature_sizes = vision.backbone_feature_sizes
    prompts, cells = sam.prompt_encoder, size // sam.config.prompt_encoder_config.patch_size
    prompts.input_image_size = size
    prompts.image_embedding_size = (cells, cells)
    prompts.mask_input_size = (4 * cells, 4 * cells)
    attention = sam.memory_attention
    places = attention.precompute_positions(sam.config)
    attention.position_ids = places.to(attention.position_ids.device)


def step(config: Sam2VideoConfig) -> int:
    """What the side of a picture must be a multiple of, in pixels."""
    if is_edgetam(config):
        return lcm(32, 16 * parts_in_a_row(config))
    hiera = config.vision_config.backbone_config
    # Three stages halve cells of 4 pixels, and positions repeat window by window.
    return lcm(32, 4 * int(hiera.window_size_per_stage[0]))


def _set_size(config: Sam2VideoConfig, size: int) -> None:
    vision = config.vision_config
    if not is_edgetam(config):
        vision.backbone_config.image_size = [size, size]
    vision.backbone_feature_sizes = [[size // stride, size // stride] for stride in (4, 8, 16)]
    config.prompt_encoder_config.image_size = config.image_size = size
    config.memory_attention_rope_feat_sizes = [size // 16, size // 16]


def sam_mini() -> Sam2VideoConfig:
    """What the models trained here from scratch have: 128 x 128 pixels, 3.3 million parameters."""
    hiera = Sam2HieraDetConfig(
        image_size=[128, 128],
        hidden_size=32,
        num_attention_heads=1,
        blocks_per_stage=[1, 2, 4, 1],
        embed_dim_per_stage=[32, 64, 128, 256],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[8, 4, 8, 4],
        window_positional_embedding_background_size=[8, 8],
        global_attention_blocks=[4, 6],
    )
    return sam_config(
        hiera,
        hidden=128,
        memory=64,
        layers=2,
        feed_forward=256,
        memory_attention_dropout=0.0,
        memory_attention_rope_dropout=0.0,
        memory_fuser_layer_scale_init_value=0.1,
    )
