"""Conversion of an official SAMWISE checkpoint to a TGL that answers as SAMWISE does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import RobertaConfig

from momentvos.convert.checkpoint import Checkpoint, read
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import roberta_sources, sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.tokens import tokenizer as find_tokenizer
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.sam2.sizes import sam_config
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import ROBERTA_BASE, SAMWISE

SENTENCE = "text_encoder.model.encoder.sentence_encoder."
SCORE = ("sam.sam_mask_decoder.obj_score_token.", "sam.sam_mask_decoder.pred_obj_score_head.")
NO_OBJECT = "sam.no_obj_ptr"
JUDGE = "conditional_memory_encoder."
UNUSED = {
    "text_encoder._float_tensor": "fairseq's mark of the device",
    f"{SENTENCE}version": "fairseq's mark of the format",
}
HEAD = "text_encoder.model.encoder.lm_head."


def convert_samwise(
    file: str | Path,
    out: str | Path,
    *,
    tokenizer: str | Path = "roberta-base",
    sam2: str | Path | None = None,
    cme: bool | None = None,
    config: TglConfig | None = None,
) -> Converted:
    """Write the model in a SAMWISE ``.pth`` to `out`, as the baseline of :class:`TglModel`.

    What the checkpoint holds decides about HSA (absent after image pre-training), the object
    score (likewise) and the verb prompt.

    Args:
        file: the official file; what else is in it (the optimiser's state) is left alone.
        out: a new or empty folder; it appears whole or not at all.
        tokenizer: folder or hub id of RoBERTa's tokenizer, which the checkpoint lacks.
        sam2: for a checkpoint without object score, an official SAM2 file to take that of; video
            training starts so. Without it the model has none, as the checkpoint itself.
        cme: use the conditional memory encoder; None: as in training, where that is known, else
            wherever there is HSA. Image pre-training stores it untrained.
        config: only for checkpoints of other sizes than the official ones.

    Raises:
        ModelError: a file is not readable or not such a checkpoint (weights that are missing,
            unknown or of another shape are listed), or the tokenizer cannot be had.
        OutputError: `out` cannot be written.
    """
    file, out = Path(file), Path(out)
    check_new(out)
    checkpoint = read(file)
    given = dict(checkpoint.weights)
    added = _object_score_weights(given, Path(sam2)) if sam2 is not None else {}
    given |= added
    asked = ("args",) if config is None and cme is None and _says_cme(checkpoint.args) else ()
    config = config or samwise_config(file, checkpoint, given)
    if cme is not None:
        config.cme = cme
    words = find_tokenizer(tokenizer, config.text_config)
    matched = match(
        file,
        given,
        skeleton(file, lambda: TglModel(config)),
        lambda name: _sources(name, config),
        lambda name: _reason(name, config),
    )
    made = {name: _made(name) for name in matched.weights if not _sources(name, config)}
    made |= dict.fromkeys(added, f"from {sam2}")
    with new_folder(out) as folder:
        save(folder, config, "TglModel", matched.weights)
        words.save_pretrained(folder)
    used = tuple(name for name in matched.used if name not in added)
    return Converted(out, used, matched.dropped, made, checkpoint.others, asked)


def samwise_config(path: Path, checkpoint: Checkpoint, given: Mapping[str, Tensor]) -> TglConfig:
    """Configuration from the weights and the training arguments.

    The sentence is taken as typed, as in the official inference (training lower-cased it).
    Raises ModelError where the image encoder is none of SAM2's.
    """
    hsa = any(".hsa." in name for name in given)
    patches = [
        math.isqrt(given[name].shape[3])
        for k in range(3)
        if (name := f"cmt_adapters.{k}.spatial_pos_embed") in given and given[name].ndim == 5
    ]
    values: dict[str, Any] = SAMWISE | {
        "adapter_hsa": hsa,
        "verbs": any(".project_motion_prompts." in name for name in given),
        "object_score": any(name.startswith(SCORE) for name in given),
        "cme": _uses_cme(checkpoint.args, hsa),
        "lower_case": False,
        "single_spaces": False,
    }
    if len(patches) == 3:
        values["adapter_patches"] = patches
    return TglConfig(
        sam_config=sam_config(hiera(path, given, "sam.")),
        text_config=RobertaConfig(**ROBERTA_BASE),
        **values,
    )


def _uses_cme(args: Mapping[str, Any], hsa: bool) -> bool:
    """Arguments that contradict the weights say nothing."""
    agrees = _says_cme(args) and args.get("HSA", hsa) == hsa
    return bool(args["use_cme_head"]) if agrees else hsa


def _says_cme(args: Mapping[str, Any]) -> bool:
    return isinstance(args.get("use_cme_head"), bool)


def _sources(name: str, config: TglConfig) -> tuple[str, ...]:
    part, _, rest = name.partition(".")
    if part == "sam":
        names = tuple(f"sam.{source}" for source in sam2_sources(rest))
        return () if _about_score(names[0]) and not config.object_score else names
    if part == "text_encoder":
        return tuple(SENTENCE + source for source in roberta_sources(rest))
    if part == "adapters":
        return (f"cmt_adapters.{rest}",)
    if part == "text_prompt":
        return (f"sam.sam_prompt_encoder.{rest}",)
    return (name,)


def _about_score(name: str) -> bool:
    return name.startswith(SCORE) or name == NO_OBJECT


def _reason(name: str, config: TglConfig) -> str | None:
    if name.startswith(HEAD):
        return "RoBERTa's language model head, which segmentation never asks"
    if name.startswith(JUDGE) and not config.cme:
        return "the conditional memory encoder, which was not trained or is not wanted"
    return UNUSED.get(name)


def _made(name: str) -> str:
    if "token_type" in name:
        return "zeros: fairseq's RoBERTa has no token types"
    return "zeros, never read: the checkpoint has no object score"


def _object_score_weights(given: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Official names and weights of SAM2's object score, where `given` has none."""
    if any(_about_score(name) for name in given):
        return {}
    weights = {f"sam.{name}": weight for name, weight in read(path).weights.items()}
    added = {name: weight for name, weight in weights.items() if _about_score(name)}
    if not added:
        raise ModelError(f"{path} holds no object score: give an official SAM2 file.")
    return added
