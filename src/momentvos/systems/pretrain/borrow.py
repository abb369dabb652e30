"""Initialisation of a small model with parts of other trained models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from momentvos.errors import RecipeError
from momentvos.systems.options import ModelOptions
from momentvos.systems.pretrained import load_pretrained


def borrowed_config(options: ModelOptions) -> dict[str, Any]:
    """The `sam_config` of the SAM2 that `model.weights` names, as a field to override; or nothing.

    So its frames may have any size.
    """
    if "sam" not in options.weights:
        return {}
    lender: Any = load_pretrained(options.weights["sam"])
    sam_config = getattr(lender.config, "sam_config", None)
    return {} if sam_config is None else {"sam_config": sam_config}


def borrow(model: Any, options: ModelOptions) -> None:
    """Take over what `model.weights` names: another small model's `sam`, `mllm` or `selector`.

    Raises ModelError where there is no such model, RecipeError for another part or size.
    """
    parts = {"sam": borrow_sam, "mllm": borrow_mllm, "selector": borrow_selector}
    if unknown := sorted(options.weights.keys() - parts.keys()):
        raise RecipeError(f"The recipe's `model.weights` has no part '{unknown[0]}' for a mini.")
    for name, take in parts.items():
        if name in options.weights:
            take(model, options.weights[name])


def borrow_sam(model: Any, source: str) -> None:
    """Start from the SAM2 of another model of this package, such as tgl-mini.

    Raises ModelError where there is no such model, RecipeError where its SAM2 is of another size.
    """
    lender: nn.Module = load_pretrained(source)
    try:
        model.sam.load_state_dict(lender.get_submodule("sam").state_dict())
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.sam`: '{source}' has no SAM2 of this size."
        ) from None


def borrow_mllm(model: Any, source: str) -> None:
    """Start from the language model of another small model, such as momentseg-mini.

    Tokens take over the embedding of the token of their name; a system's own that the other has
    not, such as [TAK], start from its [SEG]. Raises as `borrow_sam`.
    """
    lender: Any = load_pretrained(source)
    name = "model.language_model.embed_tokens.weight"
    try:
        theirs = lender.get_submodule("mllm").state_dict()
        vocabulary, rows = lender.words.get_vocab(), theirs[name].clone()
        for token, place in model.words.get_vocab().items():
            rows[place] = theirs[name][vocabulary.get(token, vocabulary["[SEG]"])]
        tied = {key: rows for key in theirs if key in (name, "lm_head.weight")}
        model.mllm.load_state_dict(theirs | tied)
        _borrow_perceptron(model, lender)
    except (AttributeError, KeyError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.mllm`: '{source}' has no language model of this size."
        ) from None


def borrow_selector(model: Any, source: str) -> None:
    """Start from the selector of another model, such as tgl-mini, but for its text projection.

    That starts anew, since the other has another text encoder. Raises as
    `borrow_sam`, and RecipeError where either has no selector.
    """
    lender: nn.Module = load_pretrained(source)
    try:
        theirs = lender.get_submodule("selector").state_dict()
        own = model.selector.text.state_dict(prefix="text.")
        model.selector.load_state_dict(theirs | own)
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.selector`: '{source}' or the model has no such selector."
        ) from None


def borrow_patches(model: Any, source: str) -> None:
    """Start scores of patches, and the prompt of them, from those of another model.

    Layers of another size start anew: those that read words, where the text encoders differ.
    Raises ModelError where there is no such model, RecipeError where either scores no patches.
    """
    _borrow_parts(model, source, "patches", ("motion", "patches", "patch_prompt"))


def borrow_patch_prompt(model: Any, source: str) -> None:
    """Start the prompt that scores of patches make from that of the model whose SAM2 it is for.

    Raises as `borrow_patches`.
    """
    _borrow_parts(model, source, "patch_prompt", ("patch_prompt",))


def _borrow_parts(model: Any, source: str, weights: str, parts: Sequence[str]) -> None:
    lender: Any = load_pretrained(source)
    for name in parts:
        theirs, own = getattr(lender, name, None), getattr(model, name, None)
        if theirs is None or own is None:
            raise RecipeError(
                f"The recipe's `model.weights.{weights}`: '{source}' or the model has no "
                "`patch_dim`."
            )
        sizes = {key: one.shape for key, one in own.state_dict().items()}
        lent = {key: one for key, one in theirs.state_dict().items() if sizes.get(key) == one.shape}
        own.load_state_dict(lent, strict=False)


def _borrow_perceptron(model: Any, lender: Any) -> None:
    """MomentSeg's of [SEG] for VRS-HQ, which adds the prompts of two tokens."""
    if not (hasattr(model, "text_mlp") and hasattr(lender, "seg_mlp")):
        return
    model.text_mlp.load_state_dict(lender.seg_mlp.state_dict())
    with torch.no_grad():
        for parameter in model.text_mlp[-1].parameters():
            parameter /= 1 + model.config.focus
