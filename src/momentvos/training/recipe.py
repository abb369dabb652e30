"""Recipes: YAML that is checked key by key, or a resolved JSON that needs neither."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from momentvos.errors import RecipeError
from momentvos.guard import guarded
from momentvos.json_text import from_text
from momentvos.regular_file import read_text
from momentvos.suggestion import nearest
from momentvos.training.migration import migrate
from momentvos.training.named import named
from momentvos.training.options import Recipe
from momentvos.training.override import apply, numbers
from momentvos.training.plain import build, keys
from momentvos.yaml_text import Place, YamlError, parse

LARGEST = 1 << 20
"""Bytes of a recipe."""
UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read `path` (.yaml, .yml or .json) and apply overrides like `stages.0.steps=10`.

    Keys of earlier editions get their names of now (`migration`). YAML is checked by pydantic:
    unknown keys, wrong types and impossible values raise RecipeError naming the key and its line.
    JSON, as a run writes it to `recipe.json`, is checked by the dataclasses' own types only. A
    recipe of the package may be named as `named` does.
    """
    path = named(path)
    if path.suffix == ".json":
        with guarded(RecipeError, f"The recipe {path} cannot be read"):
            return _from_json(path, _text(path), overrides)
    recipe = read(path, Recipe, overrides)
    assert isinstance(recipe, Recipe)
    return recipe


def read(path: Path, kind: type, overrides: Sequence[str] = ()) -> Any:
    """YAML as a dataclass of `kind`, checked as `load` does."""
    path = named(path)
    with guarded(RecipeError, f"The recipe {path} cannot be read"):
        values, lines = _yaml(path, _text(path))
        migrate(values, lines)
        for override in overrides:
            apply(values, override)
        migrate(values)
        return _check(path, kind, values, lines)


def _text(path: Path) -> str:
    try:
        return read_text(path, LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe {path} cannot be read ({error}).") from None


def _from_json(path: Path, text: str, overrides: Sequence[str]) -> Recipe:
    try:
        values = from_text(text)
    except ValueError as error:
        raise RecipeError(f"The recipe {path} is not JSON ({error}).") from None
    migrate(values)
    for override in overrides:
        apply(values, override)
    migrate(values)
    _check_finite(path, values, {})
    recipe = build(Recipe, values, str(path))
    assert isinstance(recipe, Recipe)
    return recipe


def _yaml(path: Path, text: str) -> tuple[dict[str, Any], dict[Place, int]]:
    try:
        values, lines = parse(text)
    except YamlError as error:
        where = f", line {error.line}" if error.line is not None else ""
        raise RecipeError(f"The recipe {path}{where}: {error}.") from None
    if not isinstance(values, dict):
        raise RecipeError(f"The recipe {path} is not a mapping of keys to values.")
    return {name: numbers(value) for name, value in values.items()}, lines


def _check(path: Path, kind: type, values: dict[str, Any], lines: Mapping[Place, int]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    _check_finite(path, values, lines)
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: one["type"] not in UNKNOWN)
    problem = _plain(first["msg"])
    if first["type"] in UNKNOWN:
        *parents, name = first["loc"]
        close = nearest(str(name), keys(kind, parents))
        problem = "there is no such key" + (f"; did you mean '{close}'" if close else "")
    raise _wrong(path, first["loc"], lines, problem)


def _wrong(path: Path, place: Place, lines: Mapping[Place, int], problem: str) -> RecipeError:
    known = next(
        (lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None
    )
    where = f", line {known}" if known is not None else ""
    end = "?" if "did you mean" in problem else "."
    key = f" '{'.'.join(str(part) for part in place)}':" if place else ""
    return RecipeError(f"The recipe {path}{where}:{key} {problem}{end}")


def _check_finite(path: Path, values: Any, lines: Mapping[Place, int]) -> None:
    """No option means anything as NaN or an infinity, and a run could not write it down."""
    left: list[tuple[Place, Any]] = [((), values)]
    while left:
        place, value = left.pop()
        if isinstance(value, dict):
            left += [((*place, name), one) for name, one in value.items()]
        elif isinstance(value, list):
            left += [((*place, number), one) for number, one in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise _wrong(path, place, lines, f"must be a finite number, not {value}")


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:].rstrip(".")
