"""Conversion of the official MomentSeg folder (3B, 7B)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from momentvos.convert import output_head
from momentvos.convert.folder import read_json, weights
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.sam2.sizes import sam_config
from momentvos.systems.loading import tokenizer_beside
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.templates import FIND, SEG
from momentvos.weights import check_sizes

SAM = "grounding_encoder.sam2_model."
HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
PARTS = (
    ("mllm.model.visual.", "visual."),
    ("mllm.model.language_model.", "model."),
    ("mllm.lm_head.", "lm_head."),
    ("seg_mlp.", "text_hidden_fcs."),
    ("find_mlp.", "find_hidden_fcs."),
)
UNUSED = {
    "img_hidden_fcs.": "a perceptron for prompts of each frame's own, off in the released models",
    "seg_attn.": "attention for prompts of each frame's own, off in the released models",
}
TOKEN_PIXELS = 28 * 28


def convert_momentseg(
    folder: str | Path, out: str | Path, *, config: MomentSegConfig | None = None
) -> Converted:
    """Write the model in an official folder to `out`, in the precision it has.

    Args:
        folder: as downloaded: ``config.json``, ``*.safetensors`` and the tokenizer's files; no
            code in it is run.
        out: a new or empty folder; it appears whole or not at all.
        config: only for models of other sizes than the official ones.

    Raises:
        ModelError: the folder is not readable or not such a model (weights that are missing,
            unknown or of another shape are listed).
        OutputError: `out` cannot be written.
    """
    folder, out = Path(folder), Path(out)
    check_new(out)
    given = weights(folder)
    if config is None:
        check_sizes(folder / "config.json", len(given))
        config = _config(folder, given)
    tokenizer = tokenizer_beside(folder, config.mllm_config)
    for name in (SEG, FIND):
        if name not in tokenizer.get_vocab():
            raise ModelError(f"The tokenizer in {folder} has no token {name}: not a MomentSeg one.")
    made: dict[str, str] = {}
    if output_head.complete(given, HEAD, EMBEDDING, config.mllm_config):
        made["mllm.lm_head.weight"] = output_head.TIED
    kind = given[HEAD].dtype if HEAD in given else torch.float32
    matched = match(
        folder,
        given,
        skeleton(folder, lambda: MomentSegModel(config).to(kind)),
        sources,
        lambda name: next((why for part, why in UNUSED.items() if name.startswith(part)), None),
    )
    config.dtype = kind
    with new_folder(out) as place:
        save(place, config, "MomentSegModel", matched.weights)
        tokenizer.save_pretrained(place)
    used = tuple(name for name in matched.used if not (made and name == HEAD))
    return Converted(out, used, matched.dropped, made)


def sources(name: str) -> tuple[str, ...]:
    """Official names of a weight of :class:`MomentSegModel` stands in the official files.

    Several names are rows of one weight, in order.
    """
    if name.startswith("sam."):
        return tuple(_sam(source) for source in sam2_sources(name.removeprefix("sam.")))
    for ours, theirs in PARTS:
        if name.startswith(ours):
            return (theirs + name.removeprefix(ours),)
    return (name,)


def _sam(name: str) -> str:
    return SAM + re.sub(r"\.gamma$", ".g_weight", name)


def _config(folder: Path, given: dict[str, Tensor]) -> MomentSegConfig:
    """Configuration from the official ``config.json`` and the shapes of the weights."""
    from transformers import Qwen2_5_VLConfig

    official = read_json(folder / "config.json")
    language = official.get("mllm_config")
    if not isinstance(language, dict) or not language.get("vision_config"):
        raise ModelError(
            f"{folder}/config.json does not describe the language model (`mllm_config`)."
        )
    language = {name: value for name, value in language.items() if name != "model_type"}
    with guarded(ModelError, f"{folder}/config.json cannot be used"):
        mllm = Qwen2_5_VLConfig(**language)
    if EMBEDDING in given:
        mllm.text_config.vocab_size = given[EMBEDDING].shape[0]
    values: dict[str, Any] = {}
    low, high = official.get("min_pixels"), official.get("max_pixels")
    if isinstance(low, int) and isinstance(high, int) and TOKEN_PIXELS <= low <= high:
        values["image_budget"] = (low // TOKEN_PIXELS, high // TOKEN_PIXELS)
    return MomentSegConfig(
        sam_config=sam_config(hiera(folder, given, SAM)), mllm_config=mllm, **values
    )
