"""Weights that lie in one file under the names they have in the model: loaded without renaming.

`transformers` compiles a pattern for each weight, and all that it knows of renamed models, before
it reads the first one; for a small model that takes longer than all else.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import safe_open
from transformers.initialization import no_init_weights

from momentvos.systems.shared_weights import shared_weights

if TYPE_CHECKING:
    from momentvos.systems.base import System

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def stored(kind: type[System], name: str | Path) -> System | None:
    """The model in a folder, in evaluation mode; None where it takes more than reading it.

    That is where weights are missing, renamed, quantised or in several files, and where anything is
    wrong: `transformers` then says what.
    """
    folder = Path(name)
    if not (folder / WEIGHTS).is_file() or (folder / INDEX).exists():
        return None
    try:
        return _read(kind, folder)
    except Exception:
        return None


def _read(kind: type[System], folder: Path) -> System | None:
    config = kind.config_class.from_pretrained(folder)
    if getattr(config, "quantization_config", None) is not None or kind.can_generate():
        return None
    with no_init_weights():
        model = kind(config)
    wanted = model.state_dict()
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        own = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    given = shared_weights(config) | own
    tied = wanted.keys() - given.keys()
    if given.keys() - wanted.keys() or tied - model.all_tied_weights_keys.keys():
        return None
    if any(one.shape != wanted[key].shape for key, one in given.items()):
        return None
    model.load_state_dict(given, strict=False, assign=True)
    if tied:
        model.tie_weights()
    model.config.shared_weights = None  # it is whole now, and is saved so
    model.config.name_or_path = model.name_or_path = str(folder)
    model._weight_conversions = []  # as transformers notes that it has renamed nothing
    made: System = model.eval()
    return made
