"""Official Unmasked Teacher files (`b16_25m.pth`, `l16_25m.pth`, ...) as `Umt`."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import BertConfig

from momentvos.errors import ModelError
from momentvos.grounding.available import UMT_CLASSES
from momentvos.grounding.umt.model import HEAD, Shape, Umt
from momentvos.pickles.checkpoint import load_checkpoint
from momentvos.weights import check_finite

DROPPED = re.compile(
    r"clip_teacher\.|vision_encoder\.clip_decoder\.|itm_head\.|temp$|text_encoder\.cls\.|"
    r"text_encoder\.(?:pooler\.|embeddings\.position_ids$)"
)
"""What is only needed to train, or to read frames and words together."""
_LAYER = re.compile(r"text_encoder\.encoder\.layer\.(\d+)\.(crossattention\.)?")


class _Settings:
    """Stands for the class of the settings that official files carry; nothing of it is used."""

    def __new__(cls, *args: Any) -> Any:
        return OrderedDict()  # the only dict whose attributes PyTorch's safe reader sets


def read(path: str | Path) -> Umt:
    """The towers in a file, on the CPU, in float32 and evaluation mode.

    Nothing in the file is run. Sizes follow from its shapes. Raises ModelError where it cannot be
    read, holds something else, or lacks a weight.
    """
    weights = _renamed(_load(Path(path)))
    try:
        model = Umt(_shape(weights))
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"'{path}' is no file of Unmasked Teacher: {error}.") from None
    wanted = model.state_dict()
    faults = [f"lacks {name}" for name in wanted if name not in weights]
    faults += [f"has an unknown {name}" for name in weights if name not in wanted]
    faults += [
        f"has {name} of shape {tuple(weights[name].shape)}"
        for name in wanted
        if name in weights and weights[name].shape != wanted[name].shape
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise ModelError(f"'{path}' {', '.join(faults[:3])}{more}.")
    model.load_state_dict(weights)
    check_finite(path, model)
    return model.eval()


def _load(path: Path) -> dict[str, Tensor]:
    content = load_checkpoint(path, dict.fromkeys(UMT_CLASSES, _Settings))
    state = content.get("model", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(one, Tensor) for one in state.values()):
        raise ModelError(f"'{path}' holds no dict of weights.")
    return state


def _renamed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the prefixes of wrappers, and without what is not needed."""
    plain = {
        name.removeprefix("module.").replace("text_encoder.bert.", "text_encoder."): value
        for name, value in weights.items()
    }
    joint = {int(match[1]) for name in plain if (match := _LAYER.match(name)) and match[2]}
    first = min(joint, default=len(plain))
    return {
        name: value.float()
        for name, value in plain.items()
        if not DROPPED.match(name)
        and not ((match := _LAYER.match(name)) and int(match[1]) >= first)
    }


def _shape(weights: dict[str, Tensor]) -> Shape:
    patches = weights["vision_encoder.encoder.patch_embed.proj.weight"]
    words = weights["text_encoder.embeddings.word_embeddings.weight"]
    blocks = r"vision_encoder\.encoder\.blocks\.(\d+)\."
    layers = r"text_encoder\.encoder\.layer\.(\d+)\."
    text = BertConfig(
        vocab_size=len(words),
        hidden_size=words.shape[1],
        num_hidden_layers=_count(weights, layers),
        num_attention_heads=words.shape[1] // HEAD,
        intermediate_size=4 * words.shape[1],
        max_position_embeddings=len(weights["text_encoder.embeddings.position_embeddings.weight"]),
    )
    depth, joint = _count(weights, blocks), len(weights["vision_proj.weight"])
    return Shape(len(patches), depth, patches.shape[-1], joint, text)


def _count(weights: dict[str, Tensor], pattern: str) -> int:
    return len({match[1] for name in weights if (match := re.match(pattern, name))})
