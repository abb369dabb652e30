"""Atomic writer of model folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import OutputError
from momentvos.results.atomic_directory import NOTHING, atomic_directory

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig


def check_new(out: Path) -> None:
    """Raise OutputError where something is at `out` already, other than an empty folder."""
    try:
        taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise OutputError(f"Cannot write to {out}: {error.strerror or error}.") from error
    if taken:
        raise OutputError(f"{out} already holds something; choose a new or an empty folder.")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill; it takes its place at `out` when the block ends well.

    Raises OutputError where it cannot be written.
    """
    check_new(out)
    try:
        with atomic_directory(out, NOTHING) as folder:
            yield folder
    except OSError as error:
        raise OutputError(f"Cannot write to {out}: {error.strerror or error}.") from error


def save(folder: Path, config: PreTrainedConfig, kind: str, weights: Mapping[str, Tensor]) -> None:
    """Write ``config.json`` and ``model.safetensors`` for ``from_pretrained`` of class `kind`.

    Raises OSError where they cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    config.architectures = [kind]
    config.save_pretrained(folder)
    try:
        save_file(dict(weights), folder / "model.safetensors", metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
