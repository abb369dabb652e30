"""What MomentSeg and VRS-HQ share in training: conversations, and losses of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from inspect import signature
from typing import TYPE_CHECKING, Any

from torch import nn

from momentvos.errors import RecipeError
from momentvos.training.options import ModelOptions, StageOptions

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VOCABULARY = 1600


def check(stage: StageOptions, weights: type, system: str) -> None:
    """Raises RecipeError for weights that are none, or lessons that only TGL gives."""
    known = [one.name for one in fields(weights)]
    if unknown := sorted(stage.terms.keys() - set(known)):
        raise RecipeError(
            f"The stage '{stage.name}': {system} has no term '{unknown[0]}'; choose of "
            f"{', '.join(known)}."
        )
    if stage.objective != "clip" or stage.start_adapters:
        raise RecipeError(
            f"The stage '{stage.name}': {system} has no `objective` but \"clip\", and no adapters."
        )


def fields_of(options: ModelOptions, config: type) -> dict[str, Any]:
    """`model.overrides`. Raises RecipeError for a field that the configuration has not."""
    known = signature(config).parameters
    if unknown := sorted(options.overrides.keys() - known.keys()):
        raise RecipeError(f"The recipe's `model.overrides` has no field '{unknown[0]}'.")
    return dict(options.overrides)


def parts_of(options: ModelOptions, needed: Iterable[str] = ("sam", "mllm")) -> dict[str, str]:
    """`model.weights`. Raises RecipeError unless they are those needed."""
    if sorted(options.weights) != sorted(needed):
        names = " and ".join(f"`{name}`" for name in needed)
        raise RecipeError(f"The recipe's `model.weights` needs {names}.")
    return options.weights


def vocabulary(texts: Iterable[str]) -> PreTrainedTokenizerBase:
    """A tokenizer that has MomentWorld's words, and those of `texts`, as one token each."""
    from momentvos.data.world import WORDS
    from momentvos.data.world.quiz import TEXTS
    from momentvos.mllm import train_chat_tokenizer

    words = [f" {word}" for word in WORDS()]
    return train_chat_tokenizer([*words * 4, *TEXTS, *texts], VOCABULARY)


def lend_sam(model: Any, source: str) -> None:
    """Start from the SAM2 of another model of this package, such as tgl-mini.

    Raises ModelError where there is no such model, RecipeError where its SAM2 is of another size.
    """
    from momentvos.hub import load

    lender: nn.Module = load(source, device="cpu")
    try:
        model.sam.load_state_dict(lender.get_submodule("sam").state_dict())
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.sam`: '{source}' has no SAM2 of this size."
        ) from None
