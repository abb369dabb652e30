"""Keys of recipes before the second edition, which still load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from momentvos.notice import warn
from momentvos.systems.renamed import RENAMED as SELECTION
from momentvos.yaml_text import Place

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
    "losses": {"alike": "positive_similarity", "unlike": "negative_similarity"},
    "weights": {"judge": "selector"},
    "evaluation": {"figures": "metrics"},
}
"""By the key that a mapping stands under: its old keys, and their names now."""
WEIGHTS = {"judge": "selector", "courses": "trajectories", "course": "trajectory"}
"""In an optimiser's patterns of parameters: parts of their names."""
OBJECTIVES = {"outlines": "synthetic_tracks", "lanes": "model_tracks"}


def migrate(values: Any, lines: dict[Place, int] | None = None) -> None:
    """Give a recipe's plain values their names of now, in place, with a warning for each.

    An old key that stands beside its new one was set later (on the command line), so it counts.
    lines: of the file, by place; they follow their keys.
    """
    notes: dict[str, str] = {}
    _walk(values, "", (), notes, {} if lines is None else lines)
    for old, new in notes.items():
        warn(f"The recipe's '{old}' is '{new}' now.", FutureWarning, stacklevel=3)


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
    if parent == "optimiser":
        for key in ("frozen", "trained"):
            if isinstance(value.get(key), list):
                value[key] = [_pattern(one, notes) for one in value[key]]
    if parent == "groups" and "pattern" in value:
        value["pattern"] = _pattern(value["pattern"], notes)
    if parent in ("overrides", "config"):
        _select(value, notes)
    if parent in ("stages", "mixture") and str(value.get("objective")) in OBJECTIVES:
        old = str(value["objective"])
        notes[old] = value["objective"] = OBJECTIVES[old]
    for key, item in value.items():
        _walk(item, str(key), (*place, key), notes, lines)


def _pattern(pattern: Any, notes: dict[str, str]) -> Any:
    if not isinstance(pattern, str) or "judge" not in pattern:
        return pattern
    for old, new in WEIGHTS.items():
        pattern = pattern.replace(old, new)
    notes["judge"] = "selector"
    return pattern


def _select(overrides: dict[str, Any], notes: dict[str, str]) -> None:
    """Fields of a configuration that are `selection` now."""
    found = {SELECTION[old]: overrides.pop(old) for old in SELECTION if old in overrides}
    if not found:
        return
    notes["consensus and judge"] = "selection"
    none = found.get("max_tracks") == 0
    overrides["selection"] = None if none else _joined(overrides.get("selection"), found)


def _joined(known: Any, later: Any) -> Any:
    if not isinstance(known, dict) or not isinstance(later, dict):
        return later
    return known | {key: _joined(known.get(key), item) for key, item in later.items()}


def _move(lines: dict[Place, int], old: Place, new: Place) -> None:
    for path in [path for path in lines if path[: len(old)] == old]:
        lines[(*new, *path[len(old) :])] = lines.pop(path)
