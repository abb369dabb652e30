"""A trained TGL with further parts, or without some."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from momentvos.systems.tgl.model import TglModel


def extended(model: TglModel, overrides: Mapping[str, Any]) -> TglModel:
    """The same model with other values of `TglConfig.parts`: new parts are untrained.

    Raises ValueError where the parts do not go together.
    """
    config = copy.deepcopy(model.config)
    for name, value in overrides.items():
        setattr(config, name, value)
    config.check()
    made = TglModel(config).to(model.device, model.dtype)
    empty = made.state_dict()
    weights = {name: one for name, one in model.state_dict().items() if name in empty}
    made.load_state_dict(weights, strict=False)
    made.tokenizer = model.tokenizer
    extended: TglModel = made.train(model.training)
    return extended
