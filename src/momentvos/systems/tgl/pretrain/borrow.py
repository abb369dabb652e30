"""A new TGL around the parts of a trained one; only its text prompt starts untrained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from momentvos.errors import RecipeError
from momentvos.systems.pretrained import load_pretrained
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.pretrain.init_weights import init_weights

LENT = ("sam", "text_encoder", "adapters", "motion")
WITHOUT: dict[str, Any] = {"selection": None, "patch_dim": 0, "tam_layers": 0}
"""What is left out: parts that would be of no use before the text prompt is trained."""


def around(lender: str, overrides: Mapping[str, Any]) -> TglModel:
    """Encoders, adapters and memory of a TGL, by name or folder, with a text prompt of its own.

    It has no grounder, so that every frame is in M+, and no track selection, unless `overrides`
    say otherwise; what they add starts untrained too. Raises ModelError where there is no such
    model, RecipeError for one of another system and for overrides that do not fit its parts.
    """
    trained = load_pretrained(lender)
    if not isinstance(trained, TglModel):
        raise RecipeError(f"The recipe's `model.weights.tgl`: '{lender}' is no TGL.")
    config = TglConfig.from_dict(trained.config.to_dict() | WITHOUT | dict(overrides))
    config.dtype = "float32"
    model = TglModel(config)
    init_weights(model)
    try:
        for name in LENT:
            part = getattr(trained, name)
            if part is not None:
                getattr(model, name).load_state_dict(part.state_dict())
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.overrides` do not fit the parts of '{lender}'."
        ) from None
    model.tokenizer = trained.tokenizer
    return model
