"""The three sizes of TGL: mini (trained here), base and large (the paper's)."""

from typing import Any, Literal

from transformers import RobertaConfig, Sam2HieraDetConfig

from momentvos.sam2.sizes import HIERA_BASE_PLUS, HIERA_LARGE, sam_config, sam_mini
from momentvos.systems.tgl.config import TglConfig

Preset = Literal["mini", "base", "large"]


def tgl_config(preset: Preset, **overrides: Any) -> TglConfig:
    """The configuration of a preset.

    ``base`` is SAM2 Hiera-B+ with RoBERTa-base and 8 frames a clip, ``large`` Hiera-L with 6
    (appendix A.3); both are SAM2.0 as in SAMWISE. ``mini`` is what the bundled model began as; it
    takes larger frames by now (:func:`momentvos.systems.tgl.pretrain.resize.resized`).
    """
    makers = {"mini": _mini, "base": _base, "large": _large}
    if preset not in makers:
        raise ValueError(f"no preset {preset!r}: there are {', '.join(makers)}")
    return makers[preset](overrides)


SAMWISE: dict[str, Any] = {
    "tam_layers": 0,
    "cme": True,
    "memory": "all",
    "image_resizer": "pillow",
    "image_fit": "samwise",
    "single_reads": False,
}
"""Overrides that make a preset the baseline: every frame in M+, no grounder, conditional memory.

``tgl_config("base", **SAMWISE)`` is the architecture of the released checkpoints.
"""


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
    text = RobertaConfig(**ROBERTA_BASE)
    values: dict[str, Any] = {"sam_config": sam, "text_config": text, "image_resizer": "pillow"}
    return TglConfig(**(values | overrides))


def _large(overrides: dict[str, Any]) -> TglConfig:
    sam = sam_config(Sam2HieraDetConfig(**HIERA_LARGE))
    text = RobertaConfig(**ROBERTA_BASE)
    values: dict[str, Any] = {"sam_config": sam, "text_config": text, "image_resizer": "pillow"}
    values["window"] = 6
    return TglConfig(**(values | overrides))


def _mini(overrides: dict[str, Any]) -> TglConfig:
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
        "sam_config": sam_mini(),
        "text_config": text,
        "text_layers": (1, 2, 3),
        "adapter_dim": 128,
        "adapter_dropout": 0.0,
        "adapter_patches": (4, 8, 4),
        "adapter_norm": "layer",
        "adapter_activation": False,
        "motion_dim": 64,
        "text_mask": True,
        "verbs": True,
        "adapter_scope": "window",
        "moment_reads": False,
        "guided_radius": 2,
        "plain_sentences": True,
        "selection": {"max_tracks": 6, "count_from_text": True, "selector": True},
        "window": 16,
        "tam_dim": 128,
        "tam_heads": 4,
        "tam_span": 32,
        "tam_match": True,
        "rate": 8.0,
        "backbone_trainable": True,
    }
    return TglConfig(**(values | overrides))
