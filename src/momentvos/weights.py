"""Checks of model folders: weights that are tensors alone, of numbers, and fit what is beside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.paths import is_plain
from momentvos.ranges import shown
from momentvos.regular_file import read_text

if TYPE_CHECKING:
    from torch import nn

LARGEST_CONFIG = 64 << 20
DOMAIN_FILE = "domain.safetensors"
"""Statistics of what weights know, beside them; no weights themselves."""
LARGEST_SIDE = 8192
_SENTENCE = "The dog, which jumps 3 times."
_LAYERS = re.compile(r"^(?!max_).*(layers|blocks|depth)|^fullatt")
_SIDES = re.compile(r"image_size|feat_sizes|feature_sizes|patch_size|window_size|background_size")


def check_finite(name: str | Path, model: nn.Module) -> None:
    """Raise ModelError for a weight or a stored buffer that holds NaN or an infinity.

    One pass over the values and nothing copied: extremes carry NaN along.
    """
    for key, value in model.state_dict().items():
        if not value.is_floating_point() or not value.numel() or value.is_meta:
            continue
        if value.element_size() > 1:
            low, high = value.aminmax()
            if not (low.isfinite() and high.isfinite()):
                raise ModelError(
                    f"The weights of '{name}' are damaged: {key} holds values that are no finite "
                    "numbers; get or train them again."
                )


def check_name(name: Any) -> None:
    """Raise ModelError for what is neither a text nor a Path."""
    if not isinstance(name, str | Path) or not str(name):
        raise ModelError(f"{shown(name)} is no model; give a folder or a hub id (owner/name).")


def check_files(name: str | Path) -> None:
    """Raise ModelError for a folder with a named pipe or a device in it, read for ever by some.

    Hub ids pass.
    """
    folder = Path(name)
    with guarded(ModelError, f"The folder '{name}' cannot be read"):
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
    for entry in entries:
        if entry.exists() and not (entry.is_file() or entry.is_dir()):
            raise ModelError(f"'{entry}' is not a regular file; a model's folder holds no others.")


def check_safe(name: str | Path) -> None:
    """Raise ModelError for a folder that must not, or could not, be loaded.

    That is one with a pipe in it, one with pickled weights alone, one whose index names files
    elsewhere, and one whose configuration asks for more layers than there are weights, or for
    pictures of no sensible size, which would take all time or memory. Hub ids pass.
    """
    check_name(name)
    folder = Path(name)
    if not folder.is_dir():
        return
    check_files(folder)
    if (folder / "adapter_model.bin").exists():
        raise ModelError(f"'{name}' holds adapter_model.bin, a pickle; remove it or merge it in.")
    pickled = sorted(folder.glob("*.bin"))
    files = weight_files(folder)
    if pickled and not files:
        raise ModelError(
            f"'{name}' has its weights in {pickled[0].name}, a pickle, which is not loaded: "
            f"`momentvos convert weights {name}` writes them as safetensors."
        )
    for index in folder.glob("*.safetensors.index.json"):
        listed = _json(index).get("weight_map")
        if not isinstance(listed, dict) or not all(map(_plain, listed.values())):
            raise ModelError(f"'{index}' is not an index of weights in files beside it.")
    if files and (folder / "config.json").exists():
        check_sizes(folder / "config.json", _count(files))


def model_type(folder: Path) -> str:
    """Kind of a model by its folder's configuration. Raises ModelError where there is none."""
    path = folder / "config.json"
    kind = _json(path).get("model_type")
    if not isinstance(kind, str):
        raise ModelError(f"'{path}' does not say the kind of the model ('model_type').")
    return kind


def shares(folder: Path) -> str | None:
    """Which weights of the package a folder's configuration names; None: none.

    Raises ModelError where the configuration cannot be read.
    """
    name = _json(folder / "config.json").get("shared_weights")
    return None if name is None else str(name)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors of a model folder that hold weights."""
    return [one for one in sorted(folder.glob("*.safetensors")) if one.name != DOMAIN_FILE]


def check_words(tokenizer: Any) -> None:
    """Let a tokenizer read a sentence. Raises whatever it raises, also panics.

    Many a broken file is accepted first, and fails when it is used.
    """
    tokenizer(_SENTENCE)


def check_ids(name: str | Path, tokenizer: Any, rows: int) -> None:
    """Raise ModelError for a token whose id lies beyond `rows` embeddings."""
    last = max(tokenizer.get_vocab().values(), default=-1)
    if last >= rows:
        raise ModelError(
            f"The tokenizer beside the weights of '{name}' has the id {last}, but the model has "
            f"{rows} embeddings; get both again, from one place."
        )


def check_sizes(path: Path, weights: int) -> None:
    """Raise ModelError for a configuration of more layers than weights, or of senseless sides."""
    for key, value in _numbers(_json(path)):
        if _LAYERS.search(key) and not -weights <= value <= weights:
            raise ModelError(
                f"'{path}' says '{key}' {shown(value)}, but there are {weights} weights beside it; "
                "get both again, from one place."
            )
        if _SIDES.search(key) and not 0 <= value <= LARGEST_SIDE:
            raise ModelError(
                f"'{path}' says '{key}' {shown(value)}, which must be from 0 to {LARGEST_SIDE}."
            )


def _numbers(content: Any) -> Iterator[tuple[str, float]]:
    """Every number with the key that it, or a list of it, stands under."""
    left: list[tuple[str, Any]] = [("", content)]
    while left:
        key, value = left.pop()
        if isinstance(value, dict):
            left += [(str(name), one) for name, one in value.items()]
        elif isinstance(value, list):
            left += [(key, one) for one in value]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield key, value


def _count(files: list[Path]) -> int:
    from safetensors import safe_open

    count = 0
    for file in files:
        about = f"The weights '{file}' cannot be read"
        with guarded(ModelError, about), safe_open(file, framework="np") as opened:
            count += len(opened.keys())
    return count


def _json(path: Path) -> dict[str, Any]:
    with guarded(ModelError, f"'{path}' cannot be read"):
        content = json.loads(read_text(path, LARGEST_CONFIG))
    if not isinstance(content, dict):
        raise ModelError(f"'{path}' is not a JSON object.")
    return content


def _plain(name: Any) -> bool:
    """A file's name without any folder."""
    return isinstance(name, str) and is_plain(name)
