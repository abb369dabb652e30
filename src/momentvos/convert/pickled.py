"""Pickled weights of a model folder as safetensors."""

from __future__ import annotations

import os
from pathlib import Path

from momentvos.convert.folder import check, weights
from momentvos.errors import ModelError, OutputError
from momentvos.paths import inside
from momentvos.weights import weight_files

NAME = "model.safetensors"


def convert_pickled(folder: Path) -> Path:
    """Write ``model.safetensors`` beside a folder's ``pytorch_model*.bin``; return its path.

    Nothing in the pickles is run (`convert.checkpoint`), and they stay. Raises ModelError where the
    folder has safetensors already or no weights that can be read, OutputError where nothing can
    be written.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(f"'{folder}' is no model folder: it holds no config.json.")
    if weight_files(folder):
        raise ModelError(f"'{folder}' has its weights as safetensors already.")
    check(folder)
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    plain = {name: one.detach().clone().contiguous() for name, one in weights(folder).items()}
    beside = inside(folder, f".{NAME}.{os.getpid()}")
    try:
        save_file(plain, beside, metadata={"format": "pt"})
        beside.replace(folder / NAME)
    except (OSError, SafetensorError) as error:
        raise OutputError(f"Cannot write {folder / NAME} ({error}).") from None
    finally:
        beside.unlink(missing_ok=True)
    return folder / NAME
