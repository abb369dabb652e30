"""The official VRS-HQ checkpoint (Chat-UniVi-7B with SAM2) to a folder of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    CLIPVisionModel,
    LlamaConfig,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from momentvos.convert.folder import pickled, told
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sentencepiece import BEGIN, END, UNK, llama_tokenizer
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.mllm import add_tokens, chatunivi
from momentvos.sam2.sizes import sam_config
from momentvos.systems.loading import part
from momentvos.systems.vrshq import VrsHqConfig, VrsHqModel
from momentvos.systems.vrshq.templates import TOKENS

SAM = "model.visual_model."
TOWER = "model.vision_tower.vision_tower.vision_model."
HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
PARTS = (
    ("mllm.model.vision_tower.", TOWER),
    ("mllm.model.projector.", "model.mm_projector."),
    ("mllm.model.language_model.", "model."),
    ("mllm.lm_head.", "lm_head."),
    ("text_mlp.", "model.text_hidden_fcs.0."),
)
UNUSED = (
    (r"\.rotary_emb\.inv_freq$", "rotary frequencies, which are computed"),
    (r"\.position_ids$", "a row of counted numbers"),
    (r"^clip_model\.", "the CLIP that proposes a frame to look at, which is no part of the model"),
)
LLAMA = (
    *("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
    *("num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta"),
    *("rope_scaling", "hidden_act", "bos_token_id", "eos_token_id", "pad_token_id"),
)


def convert_vrshq(
    source: str | Path,
    out: str | Path,
    *,
    tokenizer: str | Path | None = None,
    clip: str | Path | None = None,
    config: VrsHqConfig | None = None,
) -> Converted:
    """Write the model in an official checkpoint to `out`, in its language model's precision.

    Args:
        source: the folder as downloaded (``config.json``, ``pytorch_model-*.bin`` with their
            index, ``tokenizer.model``), or one ``.bin`` file beside the others' files. Nothing in
            it is run.
        out: a new or empty folder; it appears whole or not at all.
        tokenizer: folder with ``tokenizer.model`` (or ``tokenizer.json``), where `source` has
            none.
        clip: folder or hub id of CLIP ViT-L/14, for a checkpoint without the vision tower; it
            was not trained.
        config: only for models of other sizes than the official one.

    Raises:
        ModelError: something is not readable or not such a model (weights that are missing,
            unknown or of another shape are listed).
        OutputError: `out` cannot be written.
    """
    source, out = Path(source), Path(out)
    check_new(out)
    given = pickled(source)
    folder = source.parent if source.is_file() else source
    lent = _tower(given, clip)
    given |= lent
    config = config or _config(folder, given)
    words = _tokenizer(Path(tokenizer) if tokenizer is not None else folder, given)
    made = {name.replace(TOWER, PARTS[0][0]): f"from {clip}" for name in lent}
    other = set(lent)
    if HEAD not in given and EMBEDDING in given:
        given[HEAD] = given[EMBEDDING]
        made["mllm.lm_head.weight"] = "the input embeddings, to which it is tied"
        other.add(HEAD)
    kind = given[HEAD].dtype if HEAD in given else torch.float32
    found = match(
        source,
        given,
        skeleton(lambda: VrsHqModel(config).to(kind)),
        sources,
        lambda name: next((why for rule, why in UNUSED if re.search(rule, name)), None),
    )
    config.dtype = kind
    with new_folder(out) as place:
        save(place, config, "VrsHqModel", found.weights)
        words.save_pretrained(place)
    used = tuple(name for name in found.used if name not in other)
    return Converted(out, used, found.dropped, made)


def sources(name: str) -> tuple[str, ...]:
    """Where a weight of :class:`VrsHqModel` stands in the official files.

    Several names are rows of one weight, in order.
    """
    if name.startswith("sam."):
        return tuple(SAM + source for source in sam2_sources(name.removeprefix("sam.")))
    for ours, theirs in PARTS:
        if name.startswith(ours):
            return (theirs + name.removeprefix(ours),)
    return (name,)


def _tower(given: dict[str, Tensor], clip: str | Path | None) -> dict[str, Tensor]:
    """CLIP's vision tower by official names, where the checkpoint holds none of it."""
    if any(name.startswith(TOWER) for name in given):
        return {}
    if clip is None:
        raise ModelError(
            f"The checkpoint holds no vision tower ({TOWER}*), which was not trained: give CLIP "
            "with --clip openai/clip-vit-large-patch14 or --clip FOLDER."
        )
    tower = part(CLIPVisionModel, clip).state_dict()
    return {TOWER + name: weight for name, weight in tower.items()}


def _config(folder: Path, given: dict[str, Tensor]) -> VrsHqConfig:
    """From the official ``config.json`` and the shapes of the weights."""
    official = told(folder / "config.json")
    sizes = {name: official[name] for name in LLAMA if official.get(name) is not None}
    if EMBEDDING in given:
        sizes["vocab_size"] = given[EMBEDDING].shape[0]
    rates = official.get("config")
    rates = rates if isinstance(rates, dict) else {}
    counts = [rates.get(f"spatial_cluster_rate{step}", 0) for step in range(3)]
    more: dict[str, Any] = {}
    if all(isinstance(count, int) and count > 1 for count in counts):
        more["clusters"] = tuple(counts)
    try:
        language = chatunivi.ChatUniViConfig(text_config=LlamaConfig(**sizes), **more)
    except (TypeError, ValueError, KeyError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{folder}/config.json cannot be used: {first}") from error
    return VrsHqConfig(
        sam_config=sam_config(hiera(folder, given, SAM)),
        mllm_config=language,
    )


def _tokenizer(folder: Path, given: dict[str, Tensor]) -> PreTrainedTokenizerBase:
    """The tokenizer in `folder`, with [SEG] and [TAK] at the rows that were trained for them."""
    if (folder / "tokenizer.model").is_file():
        words = llama_tokenizer(folder / "tokenizer.model")
    elif (folder / "tokenizer.json").is_file():
        words = _ready(folder / "tokenizer.json")
    else:
        raise ModelError(
            f"{folder} holds no tokenizer.model: give the folder of Chat-UniVi's or Vicuna's "
            "tokenizer with --tokenizer FOLDER."
        )
    add_tokens(words, [*_added(folder / "added_tokens.json", words), *TOKENS])
    rows = given[EMBEDDING].shape[0] if EMBEDDING in given else len(words)
    if len(words) != rows:
        raise ModelError(
            f"The tokenizer in {folder} has {len(words)} tokens with {' and '.join(TOKENS)}, the "
            f"checkpoint {rows}: not the tokenizer that it was trained with."
        )
    return words


def _ready(path: Path) -> PreTrainedTokenizerBase:
    try:
        return PreTrainedTokenizerFast(
            tokenizer_file=str(path),
            unk_token=UNK,
            bos_token=BEGIN,
            eos_token=END,
            pad_token=UNK,
            clean_up_tokenization_spaces=False,
        )
    except Exception as error:  # the tokenizers library raises no class of its own
        raise ModelError(f"{path} is not a tokenizer.") from error


def _added(path: Path, words: PreTrainedTokenizerBase) -> list[str]:
    """Names in ``added_tokens.json`` that follow the vocabulary of `words`, in order.

    Raises ModelError where they contradict it or leave gaps.
    """
    if not path.is_file():
        return []
    content: dict[str, Any] = told(path)
    known = words.get_vocab()
    later = {name: number for name, number in content.items() if known.get(name) != number}
    names = sorted(later, key=lambda name: str(later[name]).zfill(9))
    if [later[name] for name in names] != [*range(len(words), len(words) + len(names))]:
        raise ModelError(f"{path} numbers its tokens otherwise than the vocabulary goes on.")
    return names
