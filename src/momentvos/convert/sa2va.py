"""The official Sa2VA folders on Qwen2.5-VL and Qwen3-VL: read as they are, or converted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, Qwen2_5_VLConfig, Qwen3VLConfig

from momentvos.convert import output_head
from momentvos.convert.folder import read_json, weights
from momentvos.convert.match import Converted, Matched, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.mllm import Patching
from momentvos.mllm.chat import SYSTEM
from momentvos.sam2.sizes import sam_config
from momentvos.systems.loading import tokenizer_beside
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.model import Sa2VaModel
from momentvos.systems.sa2va.templates import SEG
from momentvos.weights import check_sizes

SAM = "grounding_encoder.sam2_model."
HEAD, EMBEDDING = "model.lm_head.weight", "model.model.language_model.embed_tokens.weight"
DECODER, TUNED, ORIGINAL = (
    f"{SAM}sam_mask_decoder{end}." for end in ("", "_modified", "_original")
)
"""The fine-tuned decoder; its name where Sa2VA-i's files hold SAM2's own too, which then has the
first name; and what SAM2's own is called here meanwhile."""
EARLIER = (
    (re.compile(r"^model\.visual\."), "model.model.visual."),
    (re.compile(r"^model\.model\.(embed_tokens|layers|norm)\."), r"model.model.language_model.\1."),
)
"""Names that `transformers` before 4.52 gave the parts of Qwen2.5-VL, and those since."""
LEAST, MOST = 512 * 28 * 28, 2048 * 28 * 28
"""Pixels of a picture in the released programs, whatever the language model."""
OTHERS = {"architectures", "auto_map", "domain", "model_type", "template", "dtype", "torch_dtype"}
"""Keys of the official configuration that say nothing of the language model's form."""
READ = (
    "read are those on Qwen2.5-VL and Qwen3-VL, such as ByteDance/Sa2VA-Qwen2_5-VL-7B and "
    "ByteDance/Sa2VA-Qwen3-VL-4B"
)


@dataclass(frozen=True)
class Official:
    """What an official folder holds.

    Attributes:
        config, tokenizer: of the model.
        weights: by our names, in the precision they have.
        used, dropped, made: as of `Converted`.
    """

    config: Sa2VaConfig
    tokenizer: PreTrainedTokenizerBase
    weights: Mapping[str, Tensor]
    used: tuple[str, ...]
    dropped: Mapping[str, str]
    made: Mapping[str, str]


def convert_sa2va(
    folder: str | Path,
    out: str | Path,
    *,
    sam2: str | Path | None = None,
    config: Sa2VaConfig | None = None,
) -> Converted:
    """Write the model in an official folder to `out`, in the precision it has.

    Args:
        folder: as downloaded: ``config.json``, ``*.safetensors`` and the tokenizer's files; no
            code in it is run.
        out: a new or empty folder; it appears whole or not at all.
        sam2: an official SAM2 file, or a folder of ``transformers``' SAM2, whose mask decoder is
            kept beside the fine-tuned one, for tracking as Sa2VA-i does.
        config: only for models of other sizes than the official ones.

    Raises:
        ModelError: something is not readable or not such a model (weights that are missing,
            unknown or of another shape are listed).
        OutputError: `out` cannot be written.
    """
    out = Path(out)
    check_new(out)
    official = read_sa2va(folder, sam2=sam2, config=config)
    with new_folder(out) as place:
        save(place, official.config, "Sa2VaModel", official.weights)
        official.tokenizer.save_pretrained(place)
    return Converted(out, official.used, official.dropped, official.made)


def load_sa2va(folder: str | Path) -> Sa2VaModel:
    """The model in an official folder, in evaluation mode and the precision it has.

    Nothing is written. Raises ModelError, as `convert_sa2va`.
    """
    from accelerate import init_empty_weights

    official = read_sa2va(folder)
    with init_empty_weights():  # buffers that follow from the configuration are made
        model = Sa2VaModel(official.config)
    model.load_state_dict(official.weights, assign=True)
    model.tokenizer = official.tokenizer
    model.config.name_or_path = model.name_or_path = str(folder)
    return model.eval()


def read_sa2va(
    folder: str | Path, *, sam2: str | Path | None = None, config: Sa2VaConfig | None = None
) -> Official:
    """Read an official folder; arguments and errors as of `convert_sa2va`."""
    folder = Path(folder)
    stored = weights(folder)
    both = any(name.startswith(TUNED) for name in stored)
    names = {_name(name, both): name for name in stored}
    given = {name: stored[official] for name, official in names.items()}
    made: dict[str, str] = {}
    if sam2 is not None:
        given |= _original_decoder(Path(sam2))
        made["original_decoder"] = f"SAM2's own mask decoder, from {sam2}"
    if config is None:
        check_sizes(folder / "config.json", len(given))
        config = _config(folder, given)
    tokenizer = tokenizer_beside(folder, config.mllm_config)
    if SEG not in tokenizer.get_vocab():
        raise ModelError(f"The tokenizer in {folder} has no token {SEG}: not a Sa2VA one.")
    config.system_prompt = SYSTEM in _chat_template(folder, tokenizer)
    config.original_decoder = any(name.startswith(ORIGINAL) for name in given)
    if output_head.complete(given, HEAD, EMBEDDING, config.mllm_config):
        made["mllm.lm_head.weight"] = output_head.TIED
    kind = given[HEAD].dtype if HEAD in given else torch.float32
    config.dtype = kind
    matched: Matched = match(
        folder,
        given,
        skeleton(folder, lambda: Sa2VaModel(config).to(kind)),
        sources,
        lambda name: None,
    )
    used = tuple(names[name] for name in matched.used if name in names)
    return Official(config, tokenizer, matched.weights, used, matched.dropped, made)


def sources(name: str) -> tuple[str, ...]:
    """Official names of a weight of :class:`Sa2VaModel` stands in the official files.

    Several names are rows of one weight, in order.
    """
    part, _, rest = name.partition(".")
    if part == "sam":
        return tuple(_sam(source) for source in sam2_sources(rest))
    if part == "original_decoder":
        (source,) = sam2_sources(f"mask_decoder.{rest}")
        return (_sam(source).replace(DECODER, ORIGINAL),)
    return (f"model.{rest}" if part == "mllm" else f"text_hidden_fcs.{rest}",)


def _sam(name: str) -> str:
    return SAM + re.sub(r"\.gamma$", ".g_weight", name)


def _name(name: str, both: bool) -> str:
    """A weight's name in the newest files with one decoder; both: the files hold two."""
    for pattern, newer in EARLIER:
        name = pattern.sub(newer, name)
    return name.replace(DECODER, ORIGINAL).replace(TUNED, DECODER) if both else name


def _original_decoder(path: Path) -> dict[str, Tensor]:
    """SAM2's mask decoder from Meta's file or a folder of `transformers`, under official names."""
    found: dict[str, Tensor] = {}
    for name, weight in weights(path).items():
        official = sam2_sources(name)[0] if name.startswith("mask_decoder.") else name
        if (source := SAM + official).startswith(DECODER):
            found[source.replace(DECODER, ORIGINAL)] = weight
    if not found:
        raise ModelError(
            f"{path} holds no mask decoder of SAM2: give an official SAM2 file, or a folder of "
            "transformers' SAM2 such as facebook/sam2-hiera-large, downloaded."
        )
    return found


def _config(folder: Path, given: Mapping[str, Tensor]) -> Sa2VaConfig:
    """Configuration from the official ``config.json`` and the shapes of the weights."""
    path = folder / "config.json"
    official = read_json(path)
    if "llm_config" in official:
        raise ModelError(f"{path} is of a Sa2VA on InternVL; {READ}.")
    vision = official.get("vision_config")
    if not isinstance(vision, dict):
        raise ModelError(f"{path} is of no Sa2VA on Qwen (no `vision_config`); {READ}.")
    kind = Qwen3VLConfig if "deepstack_visual_indexes" in vision else Qwen2_5_VLConfig
    with guarded(ModelError, f"{path} cannot be used"):
        mllm: Any = kind(**_language(official))
        if EMBEDDING in given:
            mllm.text_config.vocab_size = given[EMBEDDING].shape[0]
        token = Patching.of(mllm).side ** 2
        budget = (LEAST // token, MOST // token)
    return Sa2VaConfig(
        sam_config=sam_config(hiera(folder, given, SAM)),
        mllm_config=mllm,
        image_budget=budget,
        picture_budget=budget,
        final_norm=kind is not Qwen3VLConfig,
        domain=domain if isinstance(domain := official.get("domain"), str) else None,
    )


def _language(official: Mapping[str, Any]) -> dict[str, Any]:
    """The language model's fields; precision is that of the weights."""
    kept = {key: value for key, value in official.items() if key not in OTHERS}
    for part in ("text_config", "vision_config"):
        if isinstance(kept.get(part), dict):
            kept[part] = {key: one for key, one in kept[part].items() if key not in OTHERS}
    return kept


def _chat_template(folder: Path, tokenizer: PreTrainedTokenizerBase) -> str:
    """The chat template as text, which is never run; "" for none."""
    template = getattr(tokenizer, "chat_template", None)
    older = folder / "chat_template.json"
    if template is None and older.is_file():
        template = read_json(older).get("chat_template")
    return str(template or "")
