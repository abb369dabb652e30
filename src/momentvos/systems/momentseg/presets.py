"""The sizes of MomentSeg, and its baseline Sa2VA."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase

from momentvos.mllm import Lora, qwen_config
from momentvos.sam2.sizes import sam_mini
from momentvos.systems.momentseg.config import MomentSegConfig

SA2VA: dict[str, Any] = {
    "grounding": "none",
    "sampling": "first",
    "frames": 5,
    "walk": "forward",
    "inject": False,
    "refresh": False,
}
"""Overrides that make the model its baseline: the first five frames, one [SEG], one direction.

``SA2VA | {"sampling": "uniform"}`` samples the whole video instead, which its authors
measured as about one point better on MeViS.
"""

SA2VA_I: dict[str, Any] = SA2VA | {"sampling": "uniform", "decoder": "original"}
"""The same with SAM2's own decoder for tracking, after the Sa2VA-i finding; needs its weights."""

LORA: dict[str, Any] = Lora().to_dict()
"""The paper's adapters: rank 128, alpha 256, dropout 0.05, on all linear layers."""


def momentseg_mini(tokenizer: PreTrainedTokenizerBase, **overrides: Any) -> MomentSegConfig:
    """A small model of the same kind for training from scratch: 128 x 128 pixels.

    A token of the language model covers 16 x 16 pixels; the low-resolution video has at most 9 a
    frame, the sampled frames 64.
    """
    values: dict[str, Any] = {
        "sam_config": sam_mini(),
        "mllm_config": qwen_config(tokenizer),
        "backbone_trainable": True,
        "centred": True,
        "context_frames": 32,
        "context_budget": (4, 9),
        "image_budget": (16, 64),
        "picture_budget": (16, 64),
        "frames": 6,
        "view": "combine",
        "precise": True,
        "image_newline": True,
        "guided_radius": 2,
        "plain_sentences": True,
        "image_resizer": "float",
        "answer_limit": 24,
    }
    return MomentSegConfig(**(values | overrides))
