"""Keys of recipes before the second edition, which still load."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

Place = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""

_SOURCE = {"talk": "conversation"}
RENAMED: Mapping[str, Mapping[str, str]] = {
    "stages": {"keep": "precompute", "terms": "loss_weights", "start": "init"} | _SOURCE,
    "mixture": _SOURCE,
    "data": {"crowd": "dense", "things": "objects", "more": "extra_expressions"},
    "conversation": {
        "film": "context_frames",
        "film_size": "context_size",
        "places": "context_masks",
    },
    "loss_weights": {
        "heard": "prompt_distillation",
        "agree": "paraphrase",
        "watched": "dual_distillation",
        "places": "find_patches",
        "echo": "find_words",
        "align": "patch_alignment",
    },
    "weights": {"judge": "selector"},
    "evaluation": {"figures": "metrics"},
}
"""By the key that a mapping stands under: its old keys, and their names now."""
OBJECTIVES = {"outlines": "synthetic_tracks", "lanes": "model_tracks"}


def migrate(values: Any, lines: dict[Place, int] | None = None) -> None:
    """Give a recipe's plain values their names of now, in place, with a warning for each.

    An old key that stands beside its new one was set later (on the command line), so it counts.
    lines: of the file, by place; they follow their keys.
    """
    notes: dict[str, str] = {}
    _walk(values, "", (), notes, {} if lines is None else lines)
    for old, new in notes.items():
        warnings.warn(f"The recipe's '{old}' is '{new}' now.", FutureWarning, stacklevel=3)


def _walk(
    value: Any, parent: str, place: Place, notes: dict[str, str], lines: dict[Place, int]
) -> None:
    if isinstance(value, list):
        for number, item in enumerate(value):
            _walk(item, parent, (*place, number), notes, lines)
    if not isinstance(value, dict):
        return
    for old, new in RENAMED.get(parent, {}).items():
        if old in value:
            notes[old] = new
            value[new] = _joined(value.get(new), value.pop(old))
            _move(lines, (*place, old), (*place, new))
    if parent in ("stages", "mixture") and value.get("objective") in OBJECTIVES:
        old = value["objective"]
        notes[old] = value["objective"] = OBJECTIVES[old]
    for key, item in value.items():
        _walk(item, str(key), (*place, key), notes, lines)


def _joined(known: Any, later: Any) -> Any:
    if not isinstance(known, dict) or not isinstance(later, dict):
        return later
    return known | {key: _joined(known.get(key), item) for key, item in later.items()}


def _move(lines: dict[Place, int], old: Place, new: Place) -> None:
    for path in [path for path in lines if path[: len(old)] == old]:
        lines[(*new, *path[len(old) :])] = lines.pop(path)
