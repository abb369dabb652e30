"""Trained models of any system: by a bundled name, from a folder or from a hub id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.home import pulled
from momentvos.systems.registry import system, systems

if TYPE_CHECKING:
    from momentvos.systems.base import System


def load_pretrained(name: str | Path, device: str = "cpu") -> System:
    """Load a model in evaluation mode; float32 but where bfloat16 runs on a GPU.

    device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    Raises ModelError: there is no such model, it is not one of ours, or the device is not there.
    """
    from transformers import PreTrainedConfig
    from transformers.utils import logging

    source, place = locate(name), _device(device)
    logging.disable_progress_bar()
    try:
        kind = str(PreTrainedConfig.get_config_dict(source)[0].get("model_type"))
        model: System = system(kind).from_pretrained(source).eval()
    except ModelError:
        raise
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"The model '{source}' cannot be loaded: {first}") from error
    large = str(model.dtype) == "torch.bfloat16" and place.startswith("cuda")
    placed: System = (model if large else model.float()).to(place)
    return placed


def locate(name: str | Path) -> str | Path:
    """The folder of a bundled or pulled model or of the caller, or a hub id as it is.

    Raises ModelError.
    """
    text = str(name)
    bundled = {folder.name: folder for entry in systems().values() for folder in entry.bundled()}
    folder = (
        bundled.get(text) or (Path(text) if Path(text).is_dir() else pulled(text)) or Path(text)
    )
    if not folder.is_dir():
        if text.count("/") != 1 or text.startswith((".", "/", "~")):
            raise ModelError(
                f"There is no model '{text}': give a name that `momentvos models` lists, a folder, "
                "or a hub id (owner/name)."
            )
        return text
    if not (folder / "config.json").is_file():
        raise ModelError(f"'{text}' is no model folder: it holds no config.json.")
    return folder


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
