"""Find and load models: a bundled one, a folder, or a hub id.

Each system owns the folder ``systems/SYSTEM/weights``: what lies there is bundled, by that name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from momentvos.errors import ModelError

SYSTEMS = {
    "tgl": ("TGL", "TglModel"),
    "momentseg": ("MomentSeg", "MomentSegModel"),
    "vrshq": ("VRS-HQ", "VrsHqModel"),
}
"""The folders in ``momentvos.systems``: each system's name and its model's class."""

PRESETS = {
    "tgl-base": ("tgl", "TGL with SAM2 Hiera-B+ and RoBERTa-base"),
    "tgl-large": ("tgl", "TGL with SAM2 Hiera-L and RoBERTa-base"),
    "momentseg-3b": ("momentseg", "MomentSeg with SAM2 Hiera-L and Qwen2.5-VL-3B"),
    "momentseg-7b": ("momentseg", "MomentSeg with SAM2 Hiera-L and Qwen2.5-VL-7B"),
    "vrshq-7b": ("vrshq", "VRS-HQ with SAM2 Hiera-L and Chat-UniVi-7B or Qwen2.5-VL-7B"),
}
"""Sizes that ``recipes/SYSTEM/`` train from published weights."""


@dataclass(frozen=True)
class KnownModel:
    """A model by name: `source` is "bundled" (loads at once) or "recipe" (to be trained)."""

    name: str
    source: str
    about: str
    path: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Plain values for `json.dumps`."""
        return asdict(self)


def known_models() -> list[KnownModel]:
    """What can be named without a path or a hub id."""
    about = "{} trained on MomentWorld; for the demo, for tests, for synthetic scenes"
    bundled = [
        KnownModel(folder.name, "bundled", about.format(SYSTEMS[system][0]), str(folder))
        for system, folder in _bundled()
    ]
    presets = [
        KnownModel(name, "recipe", f"{what}; recipes/{system}/ train it from published weights")
        for name, (system, what) in PRESETS.items()
    ]
    return bundled + presets


def load(name: str | Path = "tgl-mini", device: str = "auto") -> Any:
    """Load a model for use; all of them have `segment` and `ground`.

    Args:
        name: a bundled name (``momentvos models`` lists them), a folder written by
            ``save_pretrained``, or a hub id ``owner/name``.
        device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises:
        ModelError: there is no such model, it is not one of ours, or the device is not there.
    """
    text = str(name)
    if text in PRESETS:
        raise ModelError(
            f"'{text}' has no weights of its own: train it with a recipe in "
            f"recipes/{PRESETS[text][0]}/, then give the folder it was saved to."
        )
    folder = {path.name: path for _, path in _bundled()}.get(text, Path(text))
    if not folder.is_dir():
        if text.count("/") != 1 or text.startswith((".", "/", "~")):
            raise ModelError(
                f"There is no model '{text}': give a name that `momentvos models` lists, a folder, "
                "or a hub id (owner/name)."
            )
        return _load(text, device)
    if not (folder / "config.json").is_file():
        raise ModelError(f"'{text}' is no model folder: it holds no config.json.")
    return _load(folder, device)


def _bundled() -> list[tuple[str, Path]]:
    """(system, folder) of every model that lies in a system's ``weights``; its name is theirs."""
    found = []
    for system in SYSTEMS:
        weights = Path(str(files("momentvos.systems").joinpath(system, "weights")))
        found += [(system, file.parent) for file in sorted(weights.glob("*/config.json"))]
    return found


def _load(source: str | Path, device: str) -> Any:
    from transformers.utils import logging

    place = _device(device)
    logging.disable_progress_bar()
    try:
        model = _kind(source).from_pretrained(source)
    except ModelError:
        raise
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"The model '{source}' cannot be loaded: {first}") from error
    large = str(model.dtype) == "torch.bfloat16" and place.startswith("cuda")
    return (model if large else model.float()).to(place).eval()


def _kind(source: str | Path) -> Any:
    """The class that a configuration's ``model_type`` means; TGL's, which explains, if none."""
    from transformers import PreTrainedConfig

    kind = str(PreTrainedConfig.get_config_dict(source)[0].get("model_type"))
    system = kind.removeprefix("momentvos_")
    system = system if system in SYSTEMS else "tgl"
    return getattr(import_module(f"momentvos.systems.{system}"), SYSTEMS[system][1])


def _device(name: str) -> str:
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"The device '{name}' is not there; try --device cpu.") from error
    return name
