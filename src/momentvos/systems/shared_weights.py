"""Weights that bundled models have in common: stored once, in the package, and added on loading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import ModelError
from momentvos.paths import is_plain
from momentvos.ranges import shown
from momentvos.weights import shares

if TYPE_CHECKING:
    from torch import Tensor

    from momentvos.systems.base import System
    from momentvos.systems.config import SystemConfig

FOLDER = Path(__file__).resolve().parent / "shared"


def shared_file(name: str) -> Path:
    """The file of shared weights. Raises ModelError for a name that this package does not have."""
    path = FOLDER / f"{name}.safetensors"
    if not is_plain(name) or not path.is_file():
        raise ModelError(f"This version of momentvos has no shared weights {shown(name)}.")
    return path


def model_files(folder: Path) -> list[Path]:
    """The configuration and all weights that a model is loaded from, the shared file last.

    Empty for a folder without any. Raises ModelError for a configuration that cannot be read.
    """
    files = sorted([*folder.glob("config.json"), *folder.glob("*.safetensors")])
    name = shares(folder) if (folder / "config.json") in files else None
    return files if name is None else [*files, shared_file(name)]


def shared_weights(config: SystemConfig) -> dict[str, Tensor]:
    """The tensors of `config.shared_weights` by name; none where it names nothing."""
    from safetensors import safe_open

    if config.shared_weights is None:
        return {}
    with safe_open(shared_file(config.shared_weights), framework="pt") as file:
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
