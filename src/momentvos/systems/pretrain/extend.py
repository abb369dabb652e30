"""A trained system with further parts, or without some."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from momentvos.errors import RecipeError
from momentvos.systems.pretrain.borrow import borrow_patch_prompt, borrow_patches, borrow_sam

LENDERS = {"patches": borrow_patches, "patch_prompt": borrow_patch_prompt, "sam": borrow_sam}
"""What takes over which of `model.weights`, in this order."""


def extended(model: Any, overrides: Mapping[str, Any], weights: Mapping[str, str]) -> Any:
    """The same model with other values of its configuration's `parts`: new parts are untrained.

    weights: names of models whose scores of patches new ones start from (`patches`), whose prompt
    of such scores (`patch_prompt`), and whose SAM2 takes the place of the model's (`sam`).
    Raises ValueError where the parts do not go together, RecipeError for another weight.
    """
    if unknown := sorted(weights.keys() - LENDERS.keys()):
        raise RecipeError(f"The recipe's `model.weights` has no new part '{unknown[0]}'.")
    config = copy.deepcopy(model.config)
    for name, value in overrides.items():
        setattr(config, name, value)
    config.check()
    made = type(model)(config).to(model.device, model.dtype)
    empty = made.state_dict()
    kept = {name: one for name, one in model.state_dict().items() if name in empty}
    made.load_state_dict(kept, strict=False)
    made.tokenizer = model.tokenizer
    for name, take in LENDERS.items():
        if name in weights:
            take(made, weights[name])
    return made.train(model.training)
