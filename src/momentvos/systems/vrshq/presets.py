"""The sizes of VRS-HQ."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase

from momentvos.mllm import Lora, qwen_config
from momentvos.sam2.sizes import sam_mini
from momentvos.systems.vrshq.config import VrsHqConfig

LORA: dict[str, Any] = Lora(8, 16, 0.05, ("q_proj", "v_proj")).to_dict()
"""The paper's adapters: rank 8, alpha 16, dropout 0.05, on queries and values."""


def vrshq_mini(tokenizer: PreTrainedTokenizerBase, **overrides: Any) -> VrsHqConfig:
    """A small model of the same kind for training from scratch: 128 x 128 pixels.

    A token of the language model covers 16 x 16 pixels; a frame has at most 36. Tracking starts
    from the token, as in training, and every tracked frame is prompted with it: a small SAM2 has
    not learned to take masks, nor much to remember. Any frame may become the keyframe in training,
    and adds its own token: without a pretrained model behind them, tokens have no other way to
    learn what is where in each frame. Sentences are read as written, and a keyframe whose object
    score is not positive ends the search.
    """
    values: dict[str, Any] = {
        "sam_config": sam_mini(),
        "mllm_config": qwen_config(tokenizer),
        "backbone_trainable": True,
        "image_budget": (16, 36),
        "picture_budget": (16, 64),
        "focus": 1.0,
        "explore": 1.0,
        "handover": "token",
        "shifted": False,
        "inject": True,
        "crop_handover": True,
        "binarize": False,
        "keyframe_mask": "decoded",
        "fill_holes": 0,
        "sentence_rule": "written",
        "one_frame": "image",
        "presence_threshold": 0.5,
        "guided_radius": 2,
        "plain_sentences": True,
        "image_resizer": "float",
        "answer_limit": 24,
    }
    return VrsHqConfig(**(values | overrides))
