"""Models in the form in which their authors published them, loaded as they are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.systems.pretrained import check_available, placed
from momentvos.systems.registry import official_readers
from momentvos.weights import model_type

if TYPE_CHECKING:
    from momentvos.systems.base import System
    from momentvos.systems.execution import Execution

FILES = ("*.json", "*.jinja", "*.safetensors", "*.txt")
"""What is fetched of a repository: no program, and no pickle."""


def load_official(
    name: str | Path, device: str = "cpu", execution: Execution | None = None
) -> System | None:
    """The model of an official folder or hub id; None where it is of no form known here.

    Arguments and errors as of `momentvos.systems.pretrained.load_pretrained`; no code that lies
    beside the weights is run.
    """
    source = check_available(name, device)
    reader = official_readers().get(_kind(source))
    if reader is None:
        return None
    if not isinstance(source, Path):
        source = _fetched(source)
    module, _, function = reader.partition(":")
    read: Callable[[str | Path], System] = getattr(import_module(module), function)
    model = placed(source, read, device, execution)
    model.config.name_or_path = model.name_or_path = str(name)
    return model


def _kind(source: str | Path) -> str:
    if isinstance(source, Path):
        return model_type(source)
    from transformers import PreTrainedConfig

    with guarded(ModelError, f"The model '{source}' cannot be loaded"):
        return str(PreTrainedConfig.get_config_dict(source)[0].get("model_type"))


def _fetched(repository: str) -> Path:
    """The repository's files in the hub's cache."""
    from huggingface_hub import snapshot_download

    with guarded(ModelError, f"The model '{repository}' cannot be fetched"):
        return Path(snapshot_download(repository, allow_patterns=list(FILES)))
