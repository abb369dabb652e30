"""Find and load models: the bundled one, a folder, or a hub id."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from momentvos.errors import ModelError

BUNDLED = {"tgl-mini": "TGL trained on MomentWorld; for the demo, for tests, for synthetic scenes"}
PRESETS = {
    "tgl-base": "TGL with SAM2 Hiera-B+ and RoBERTa-base; train it from their published weights",
    "tgl-large": "TGL with SAM2 Hiera-L and RoBERTa-base; train it from their published weights",
}


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
    bundled = [
        KnownModel(name, "bundled", about, str(_bundled(name))) for name, about in BUNDLED.items()
    ]
    return bundled + [KnownModel(name, "recipe", about) for name, about in PRESETS.items()]


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
            f"'{text}' has no weights of its own: train it with recipes/tgl/mevis-m.yaml, then "
            "give the folder it was saved to."
        )
    folder = _bundled(text) if text in BUNDLED else Path(text)
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


def _bundled(name: str) -> Path:
    return Path(str(files("momentvos.systems").joinpath("tgl", "weights", name)))


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
    """The class of a model by its configuration's ``model_type``; TGL's, which explains, if none.

    A system beside TGL stands here with one line: its model type, its folder, its class.
    """
    from transformers import PreTrainedConfig

    systems = {
        "momentvos_momentseg": ("momentseg", "MomentSegModel"),
        "momentvos_vrshq": ("vrshq", "VrsHqModel"),
    }
    kind = PreTrainedConfig.get_config_dict(source)[0].get("model_type")
    folder, name = systems.get(str(kind), ("tgl", "TglModel"))
    return getattr(import_module(f"momentvos.systems.{folder}"), name)


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
