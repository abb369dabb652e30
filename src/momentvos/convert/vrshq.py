"""Conversion of the official VRS-HQ checkpoint (Chat-UniVi-7B with SAM2)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from momentvos.convert.chatunivi import (
    EMBEDDING,
    HEAD,
    add_missing,
    converted,
    univi_config,
    univi_source,
    univi_tokenizer,
    unused,
)
from momentvos.convert.folder import weights
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.errors import ModelError
from momentvos.mllm import add_tokens
from momentvos.sam2.sizes import sam_config
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.model import VrsHqModel
from momentvos.systems.vrshq.templates import TOKENS
from momentvos.weights import check_sizes

SAM, PROMPT = "model.visual_model.", "model.text_hidden_fcs.0."
PROPOSER = "the CLIP that proposes a frame to look at, which is no part of the model"


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
    given = weights(source)
    folder = source.parent if source.is_file() else source
    added = add_missing(given, clip)
    if config is None:
        check_sizes(folder / "config.json", len(given))
        config = _config(folder, given)
    words = _tokenizer(Path(tokenizer) if tokenizer is not None else folder, given)
    kind = given[HEAD].dtype if HEAD in given else torch.float32
    matched = match(
        source,
        given,
        skeleton(source, lambda: VrsHqModel(config).to(kind)),
        sources,
        lambda name: PROPOSER if name.startswith("clip_model.") else unused(name),
    )
    config.dtype = kind
    with new_folder(out) as place:
        save(place, config, "VrsHqModel", matched.weights)
        words.save_pretrained(place)
    return converted(out, matched, added, sources)


def sources(name: str) -> tuple[str, ...]:
    """Official names of a weight of :class:`VrsHqModel` stands in the official files.

    Several names are rows of one weight, in order.
    """
    if name.startswith("sam."):
        return tuple(SAM + source for source in sam2_sources(name.removeprefix("sam.")))
    if name.startswith("text_mlp."):
        return (PROMPT + name.removeprefix("text_mlp."),)
    return (univi_source(name.removeprefix("mllm.")),)


def _config(folder: Path, given: dict[str, Tensor]) -> VrsHqConfig:
    """Configuration from the official ``config.json`` and the shapes of the weights."""
    return VrsHqConfig(
        sam_config=sam_config(hiera(folder, given, SAM)), mllm_config=univi_config(folder, given)
    )


def _tokenizer(folder: Path, given: dict[str, Tensor]) -> PreTrainedTokenizerBase:
    """The tokenizer in `folder`, with [SEG] and [TAK] at the rows that were trained for them."""
    words = univi_tokenizer(folder)
    add_tokens(words, TOKENS)
    rows = given[EMBEDDING].shape[0] if EMBEDDING in given else len(words)
    if len(words) != rows:
        raise ModelError(
            f"The tokenizer in {folder} has {len(words)} tokens with {' and '.join(TOKENS)}, the "
            f"checkpoint {rows}: not the tokenizer that it was trained with."
        )
    return words
