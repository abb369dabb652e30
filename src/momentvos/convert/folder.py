"""What an official model folder holds: its configuration, and weights in one file or several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from momentvos.convert.checkpoint import read
from momentvos.errors import ModelError

LARGEST_JSON = 16 << 20
INDEX = "pytorch_model.bin.index.json"


def told(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ModelError where the file is none."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ModelError(f"{path} is larger than a configuration can be.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not a JSON file.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a configuration.")
    return content


def pickled(path: Path) -> dict[str, Tensor]:
    """All weights of ``pytorch_model*.bin`` in a folder, or of one such file, mapped from them.

    Nothing in a file is run. Where there is an index, its files must all be there and hold what
    it says.

    Raises:
        ModelError: no such file, one that is missing, unreadable or incomplete, or a weight that
            two files hold.
    """
    if path.is_file():
        return read(path).weights
    index = path / INDEX
    listed: dict[str, Any] = told(index).get("weight_map", {}) if index.is_file() else {}
    if not isinstance(listed, dict) or not all(map(_plain, listed.values())):
        raise ModelError(f"{index} is not an index of weights.")
    names = sorted(set(listed.values())) or sorted(
        file.name for file in path.glob("pytorch_model*.bin")
    )
    if not names:
        raise ModelError(f"{path} holds no pytorch_model*.bin: give the folder as downloaded.")
    weights: dict[str, Tensor] = {}
    for name in names:
        part = read(path / name).weights
        if twice := sorted(weights.keys() & part.keys()):
            raise ModelError(f"{path} holds the weight {twice[0]} twice.")
        weights |= part
    if absent := sorted(listed.keys() - weights.keys()):
        raise ModelError(
            f"{path} lacks {len(absent)} weights that {INDEX} lists, such as {absent[0]}: "
            "download it again."
        )
    return weights


def _plain(name: Any) -> bool:
    """A file's name without any folder."""
    return isinstance(name, str) and Path(name).name == name and not name.startswith(".")
