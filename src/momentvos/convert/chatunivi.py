"""Conversion of Chat-UniVi, alone or inside VRS-HQ: names, configuration, tokenizer."""

from __future__ import annotations

import re
from collections.abc import Callable
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

from momentvos.convert.available import llama_advice
from momentvos.convert.folder import read_json, weights
from momentvos.convert.match import Converted, Matched, match, skeleton
from momentvos.convert.output_head import TIED
from momentvos.convert.sentencepiece import BEGIN, END, UNK, llama_tokenizer
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.guard import guarded, without_panics
from momentvos.mllm import add_tokens
from momentvos.mllm.chatunivi import ChatUniViConfig, ChatUniViForConditionalGeneration
from momentvos.systems.loading import part
from momentvos.weights import check_sizes, check_words

TOWER = "model.vision_tower.vision_tower.vision_model."
HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
PARTS = (
    ("model.vision_tower.", TOWER),
    ("model.projector.", "model.mm_projector."),
    ("model.language_model.", "model."),
)
UNUSED = (
    (r"\.rotary_emb\.inv_freq$", "rotary frequencies, which are computed"),
    (r"\.position_ids$", "a row of counted numbers"),
)
LLAMA = (
    *("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
    *("num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta"),
    *("rope_scaling", "hidden_act"),
)
IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
MARKS = (
    ("mm_use_im_patch_token", True, ("<im_patch>",)),
    ("mm_use_im_start_end", False, ("<im_start>", "<im_end>")),
)
"""Field of the official configuration, its default, and the tokens that it adds, in order."""


def convert_chatunivi(
    source: str | Path,
    out: str | Path,
    *,
    tokenizer: str | Path | None = None,
    clip: str | Path | None = None,
    config: ChatUniViConfig | None = None,
) -> Converted:
    """Write the language model that VRS-HQ is trained from to `out`, in the precision of its head.

    Args:
        source: the folder as downloaded (``config.json``, ``pytorch_model-*.bin`` or
            ``*.safetensors`` with their index, ``tokenizer.model``), or one such file beside the
            others. Nothing in it is run.
        out: a new or empty folder; it appears whole or not at all.
        tokenizer: folder with ``tokenizer.model`` (or ``tokenizer.json``), where `source` has
            none.
        clip: folder or hub id of CLIP ViT-L/14, for files without the vision tower; it was not
            trained.
        config: only for models of other sizes than the official ones.

    Raises:
        ModelError: something is not readable or not such a model (weights that are missing,
            unknown or of another shape are listed).
        OutputError: `out` cannot be written.
    """
    source, out = Path(source), Path(out)
    check_new(out)
    given = weights(source)
    folder = source.parent if source.is_file() else source
    added = add_missing(given, clip)
    if config is None:
        check_sizes(folder / "config.json", len(given))
        config = univi_config(folder, given)
    words = univi_tokenizer(Path(tokenizer) if tokenizer is not None else folder)
    _mark(words, folder, given)
    kind = given[HEAD].dtype if HEAD in given else torch.float32
    matched = match(
        source,
        given,
        skeleton(source, lambda: ChatUniViForConditionalGeneration(config).to(kind)),
        lambda name: (univi_source(name),),
        unused,
    )
    config.dtype = kind
    with new_folder(out) as place:
        save(place, config, "ChatUniViForConditionalGeneration", matched.weights)
        words.save_pretrained(place)
    return converted(out, matched, added, lambda name: (univi_source(name),))


def univi_source(name: str) -> str:
    """Where a weight of :class:`ChatUniViForConditionalGeneration` stands in the official files."""
    for ours, theirs in PARTS:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def unused(name: str) -> str | None:
    """Why an official weight may be left over; None where it may not."""
    return next((why for rule, why in UNUSED if re.search(rule, name)), None)


def add_missing(given: dict[str, Tensor], clip: str | Path | None) -> dict[str, str]:
    """Add weights to `given` that an official file may lack: CLIP's vision tower, a tied head.

    Returns the official names of what was added, and what it is. Raises ModelError where CLIP is
    wanted and `clip` is None or cannot be read.
    """
    added: dict[str, str] = {}
    if not any(name.startswith(TOWER) for name in given):
        if clip is None:
            raise ModelError(
                f"The checkpoint holds no vision tower ({TOWER}*), which was not trained: give "
                "CLIP with --clip openai/clip-vit-large-patch14 or --clip FOLDER."
            )
        for name, weight in part(CLIPVisionModel, clip).state_dict().items():
            given[TOWER + name] = weight
            added[TOWER + name] = f"from {clip}"
    if HEAD not in given and EMBEDDING in given:
        given[HEAD] = given[EMBEDDING]
        added[HEAD] = TIED
    return added


def converted(
    out: Path, matched: Matched, added: dict[str, str], sources: Callable[[str], tuple[str, ...]]
) -> Converted:
    """Report of a conversion; added weights do not count as the checkpoint's."""
    made = {name: added[one] for name in matched.weights for one in sources(name) if one in added}
    used = tuple(name for name in matched.used if name not in added)
    return Converted(out, used, matched.dropped, made)


def univi_config(folder: Path, given: dict[str, Tensor]) -> ChatUniViConfig:
    """Configuration from the official ``config.json`` and the shapes of the weights.

    Raises ModelError where the model is of another design.
    """
    official = read_json(folder / "config.json")
    sizes = {name: official[name] for name in LLAMA if official.get(name) is not None}
    if EMBEDDING in given:
        sizes["vocab_size"] = given[EMBEDDING].shape[0]
        rows = range(sizes["vocab_size"])
        sizes |= {name: official[name] for name in IDS if official.get(name) in rows}
    rates = official.get("config")
    rates = rates if isinstance(rates, dict) else {}
    layer = official.get("mm_vision_select_layer")
    more: dict[str, Any] = {"vision_layer": layer} if isinstance(layer, int) else {}
    counts = [rates.get(f"spatial_cluster_rate{step}", 0) for step in range(3)]
    if all(isinstance(count, int) and count > 1 for count in counts):
        more["clusters"] = tuple(counts)
    if isinstance(rate := rates.get("temporal_cluster_rate"), float) and 0 < rate <= 1:
        more["event_rate"] = rate
    if rates.get("use_cluster", True) is not True:
        raise ModelError(f"{folder} is a model without merged visual tokens: not a Chat-UniVi.")
    with guarded(ModelError, f"{folder}/config.json cannot be used"):
        return ChatUniViConfig(text_config=LlamaConfig(**sizes), **more)


def univi_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in `folder`, with what ``added_tokens.json`` adds. Raises ModelError."""
    if (folder / "tokenizer.model").is_file():
        words: PreTrainedTokenizerBase = llama_tokenizer(folder / "tokenizer.model")
    elif (folder / "tokenizer.json").is_file():
        words = _ready(folder / "tokenizer.json")
    else:
        raise ModelError(llama_advice(folder))
    with guarded(ModelError, f"The tokens that {folder} adds cannot be used"):
        add_tokens(words, _added(folder / "added_tokens.json", words))
    return words


def _mark(words: PreTrainedTokenizerBase, folder: Path, given: dict[str, Tensor]) -> None:
    """Name the rows behind the vocabulary as the official program does, where there are such.

    Raises ModelError where the rows are not as many as the tokens.
    """
    rows = given[EMBEDDING].shape[0] if EMBEDDING in given else len(words)
    official = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    marks = [
        name for field, used, names in MARKS if official.get(field, used) is True for name in names
    ]
    if rows > len(words):
        add_tokens(words, marks)
    if len(words) != rows:
        raise ModelError(
            f"The tokenizer has {len(words)} tokens, the checkpoint in {folder} {rows}: not the "
            "tokenizer that it was trained with."
        )


def _ready(path: Path) -> PreTrainedTokenizerBase:
    with guarded(ModelError, f"{path} is not a tokenizer"), without_panics():
        words = PreTrainedTokenizerFast(
            tokenizer_file=str(path),
            unk_token=UNK,
            bos_token=BEGIN,
            eos_token=END,
            pad_token=UNK,
            clean_up_tokenization_spaces=False,
        )
        check_words(words)
    return words


def _added(path: Path, words: PreTrainedTokenizerBase) -> list[str]:
    """Names in ``added_tokens.json`` that follow the vocabulary of `words`, in order.

    Raises ModelError where they contradict it or leave gaps.
    """
    if not path.is_file():
        return []
    content: dict[str, Any] = read_json(path)
    known = words.get_vocab()
    later = {name: number for name, number in content.items() if known.get(name) != number}
    names = sorted(later, key=lambda name: str(later[name]).zfill(9))
    if [later[name] for name in names] != [*range(len(words), len(words) + len(names))]:
        raise ModelError(f"{path} numbers its tokens otherwise than the vocabulary goes on.")
    return names
