"""Trained models of any system: by a bundled name, from a folder or from a hub id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.grounding.available import check as check_spec
from momentvos.guard import guarded
from momentvos.home import pulled
from momentvos.reachable import check_device, check_hub, is_cached, is_hub_id
from momentvos.systems.execution import Execution
from momentvos.systems.registry import check_known, official_readers, system, systems
from momentvos.weights import check_safe, model_type

if TYPE_CHECKING:
    from torch import Tensor

    from momentvos.grounding.part import Spec
    from momentvos.systems.base import System


def load_pretrained(
    name: str | Path, device: str = "cpu", execution: Execution | None = None
) -> System:
    """Load a model in evaluation mode; float32 but where bfloat16 runs on a GPU.

    device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    execution: how it is to compute; None: as it is.
    Raises ModelError: there is no such model, it is not one of ours, or the device is not there;
    ArgumentError: it cannot compute so.
    """
    source = check_available(name, device)
    from transformers import PreTrainedConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    with guarded(ModelError, f"The model '{source}' cannot be loaded"):
        kind = str(PreTrainedConfig.get_config_dict(source)[0].get("model_type"))
        return placed(source, system(kind).from_pretrained, device, execution)


def placed(
    source: str | Path,
    read: Callable[[str | Path], System],
    device: str = "cpu",
    execution: Execution | None = None,
) -> System:
    """The model that `read` makes of a source, on its device; else as `load_pretrained`."""
    import torch

    place = _device(device)
    with guarded(ModelError, f"The model '{source}' cannot be loaded"):
        model: System = read(source).eval()
        large = str(model.dtype) == "torch.bfloat16" and place.startswith("cuda")
        # Each goes through all layers, also where there is nothing to do.
        if not large and any(one.dtype != torch.float32 for one in _numbers(model)):
            model = model.float()
        made: System = model if place == "cpu" else model.to(place)
    if execution is not None:
        execution.apply(made)
    return made


def _numbers(model: System) -> Iterator[Tensor]:
    """The weights and buffers that are floating-point."""
    every = chain(model.parameters(), model.buffers())
    return (one for one in every if one.is_floating_point())


def check_available(name: str | Path, device: str = "cpu") -> str | Path:
    """What `locate` gives, if it is here or on the hub, before PyTorch is imported.

    Raises ModelError, also for what no device is called, and for a folder that is no model of ours.
    """
    source = locate(name)
    check_device(device)
    if isinstance(source, Path):
        kind = model_type(source)
        if kind not in official_readers():
            check_known(kind)
        check_safe(source)
    if isinstance(source, str) and not is_cached(source):
        check_hub(
            source,
            f"The model '{source}' is not on this machine and cannot be fetched: connect to the "
            "internet once, or give the folder of a model.",
        )
    return source


def check_grounder(spec: Spec) -> None:
    """Raise ModelError or DataError where a grounder of the spec, or a model that it names, cannot
    be had, before PyTorch is imported.
    """
    check_spec(spec)
    for part in spec:
        if part.name == "model" and part.source is not None:
            check_available(part.source)


def locate(name: str | Path) -> str | Path:
    """The folder of a bundled or pulled model or of the caller, or a hub id as it is.

    Raises ModelError.
    """
    text = str(name)
    bundled = {folder.name: folder for entry in systems().values() for folder in entry.bundled()}
    given = Path(text)
    folder = bundled.get(text) or (None if given.is_dir() else pulled(text)) or given
    if not folder.is_dir():
        if not is_hub_id(text):
            raise ModelError(
                f"There is no model '{text}': give a name that `momentvos models` lists (public "
                "weights once they are pulled), a folder, or a hub id (owner/name)."
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
