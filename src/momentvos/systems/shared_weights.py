"""Weights that bundled models have in common: stored once, in the package, and added on loading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import safe_open
from torch import Tensor

from momentvos.errors import ModelError
from momentvos.paths import is_plain
from momentvos.ranges import shown

if TYPE_CHECKING:
    from momentvos.systems.base import System
    from momentvos.systems.config import SystemConfig

FOLDER = Path(__file__).resolve().parent / "shared"


def shared_weights(config: SystemConfig) -> dict[str, Tensor]:
    """The tensors of `config.shared_weights` by name; none where it names nothing.

    Raises ModelError for a name that this package does not have.
    """
    name = config.shared_weights
    if name is None:
        return {}
    path = FOLDER / f"{name}.safetensors"
    if not is_plain(name) or not path.is_file():
        raise ModelError(f"This version of momentvos has no shared weights {shown(name)}.")
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def add_shared(model: System, info: dict[str, Any]) -> None:
    """Give a model that `transformers` has loaded the shared weights that its own file lacks.

    They are missing in `info` no more. The model is whole then, and is saved as such.
    """
    given, lacking = shared_weights(model.config), set(info["missing_keys"])
    shapes = {key: one.shape for key, one in model.state_dict().items() if key in lacking}
    added = {key: one for key, one in given.items() if shapes.get(key) == one.shape}
    model.load_state_dict(added, strict=False)
    info["missing_keys"] = lacking - added.keys()
    model.config.shared_weights = None
