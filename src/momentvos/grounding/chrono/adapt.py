"""Choice of Chrono's trained parameters, and low-rank adapters; saved weights have none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from momentvos.errors import RecipeError

if TYPE_CHECKING:
    from momentvos.grounding.chrono.model import Chrono
    from momentvos.mllm import Lora


def choose(module: nn.Module, trained: Sequence[str]) -> None:
    """Let only parameters train whose name matches one of the regular expressions.

    Raises RecipeError for a pattern that is none, or that matches nothing.
    """
    names = [name for name, _ in module.named_parameters()]
    chosen: set[str] = set()
    for pattern in trained:
        try:
            matches = {name for name in names if re.search(pattern, name)}
        except re.error as error:
            raise RecipeError(f"'{pattern}' is not a regular expression: {error}.") from None
        if not matches:
            raise RecipeError(
                f"The pattern '{pattern}' matches no parameter; they are named like '{names[0]}' "
                f"and '{names[-1]}'."
            )
        chosen |= matches
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name in chosen)


def adapt(chrono: Chrono, lora: Lora, trained: Sequence[str]) -> None:
    """Put adapters on the language model; they train, and so do parameters that match `trained`.

    Raises ModelError without `peft`, RecipeError for a pattern that matches nothing.
    """
    from momentvos.mllm import add_lora

    add_lora(chrono.blip, lora)
    choose(chrono.blip, [*trained, r"\.lora_[AB]\."])


def merged(blip: nn.Module) -> dict[str, Tensor] | None:
    """Weights with every adapter folded in, by the names they have without; None without adapters.

    The model itself stays as it is, so that training can go on.
    """
    state = {name: value.detach() for name, value in blip.state_dict().items()}
    layers = {name: one for name, one in blip.named_modules() if hasattr(one, "lora_A")}
    if not layers:
        return None
    for name, layer in layers.items():
        base: Tensor = state[f"{name}.base_layer.weight"]
        delta = layer.get_delta_weight("default")
        state[f"{name}.base_layer.weight"] = base + delta.detach().to(base.dtype)
    kept = {name: value for name, value in state.items() if ".lora_" not in name}
    return {name.replace(".base_layer.", "."): value for name, value in kept.items()}
