"""The three sizes of TGL: mini (trained here), base and large (the paper's)."""

from typing import Any, Literal

from transformers import RobertaConfig, Sam2HieraDetConfig, Sam2VideoConfig, Sam2VisionConfig
from transformers.models.sam2_video.configuration_sam2_video import (
    Sam2VideoMaskDecoderConfig,
    Sam2VideoPromptEncoderConfig,
)

from momentvos.systems.tgl.config import TglConfig

Preset = Literal["mini", "base", "large"]


def tgl_config(preset: Preset, **overrides: Any) -> TglConfig:
    """The configuration of a preset.

    ``base`` is SAM2 Hiera-B+ with RoBERTa-base and 8 frames a clip, ``large`` Hiera-L with 6
    (appendix A.3); both are SAM2.0 as in SAMWISE. ``mini`` is the bundled model's.
    """
    makers = {"mini": _mini, "base": _base, "large": _large}
    if preset not in makers:
        raise ValueError(f"no preset {preset!r}: there are {', '.join(makers)}")
    return makers[preset](overrides)


SAMWISE: dict[str, Any] = {"tam_layers": 0, "cme": True, "memory": "all"}
"""Overrides that make a preset the baseline: every frame in M+, no grounder, conditional memory.

``tgl_config("base", **SAMWISE)`` is the architecture of the released checkpoints.
"""


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
ROBERTA_BASE = {
    "vocab_size": 50265,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
}


def _base(overrides: dict[str, Any]) -> TglConfig:
    sam = sam_config(Sam2HieraDetConfig(**HIERA_BASE_PLUS))
    values: dict[str, Any] = {"sam_config": sam, "text_config": RobertaConfig(**ROBERTA_BASE)}
    return TglConfig(**(values | overrides))


def _large(overrides: dict[str, Any]) -> TglConfig:
    sam = sam_config(Sam2HieraDetConfig(**HIERA_LARGE))
    values = {"sam_config": sam, "text_config": RobertaConfig(**ROBERTA_BASE), "window": 6}
    return TglConfig(**(values | overrides))


def _mini(overrides: dict[str, Any]) -> TglConfig:
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
    sam = sam_config(
        hiera,
        hidden=128,
        memory=64,
        layers=2,
        feed_forward=256,
        memory_attention_dropout=0.0,
        memory_attention_rope_dropout=0.0,
        memory_fuser_layer_scale_init_value=0.1,
    )
    text = RobertaConfig(
        vocab_size=1024,
        hidden_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=66,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    values: dict[str, Any] = {
        "sam_config": sam,
        "text_config": text,
        "text_layers": (1, 2, 3),
        "adapter_dim": 128,
        "adapter_dropout": 0.0,
        "adapter_patches": (4, 8, 4),
        "adapter_norm": "layer",
        "adapter_activation": False,
        "text_mask": True,
        "verbs": True,
        "adapter_scope": "window",
        "window": 16,
        "tam_dim": 128,
        "tam_heads": 4,
        "tam_span": 16,
        "rate": 8.0,
        "backbone_trainable": True,
    }
    return TglConfig(**(values | overrides))
