"""Recipes: YAML that is checked key by key, or a resolved JSON that needs neither."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from momentvos.errors import RecipeError
from momentvos.training.options import Recipe

Path_ = tuple[str | int, ...]


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read `path` (.yaml, .yml or .json) and apply overrides like `stages.0.steps=10`.

    YAML is checked by pydantic: unknown keys, wrong types and impossible values raise
    RecipeError naming the key and its line. JSON, as a run writes it to `recipe.json`, is
    checked by the dataclasses' own types only.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe {path} cannot be read ({error}).") from None
    if path.suffix == ".json":
        return _from_json(path, text, overrides)
    values, lines = _yaml(path, text)
    for override in overrides:
        _apply(values, override)
    return _check(path, values, lines)


def _from_json(path: Path, text: str, overrides: Sequence[str]) -> Recipe:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise RecipeError(f"The recipe {path} is not JSON ({error}).") from None
    for override in overrides:
        _apply(values, override)
    recipe = _build(Recipe, values, str(path))
    assert isinstance(recipe, Recipe)
    return recipe


def _apply(values: Any, override: str) -> None:
    """Set one `a.b=value` in place; the value is read as YAML (JSON without a YAML reader)."""
    key, sign, text = override.partition("=")
    if not sign or not key:
        raise RecipeError(f"'{override}' is not an override; write key=value like seed=1.")
    *parents, last = key.split(".")
    place = values
    for part in parents:
        place = _step(place, part, override)
    value = _scalar(text)
    if isinstance(place, list):
        place[_index(place, last, override)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise RecipeError(f"The override '{override}' leads into a plain value.")


def _step(place: Any, part: str, override: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, part, override)]
    if not isinstance(place, dict):
        raise RecipeError(f"The override '{override}' leads into a plain value.")
    if place.get(part) is None:
        place[part] = {}
    return place[part]


def _index(place: list[Any], part: str, override: str) -> int:
    for number, item in enumerate(place):
        if isinstance(item, dict) and item.get("name") == part:
            return number
    if part.isdigit() and int(part) < len(place):
        return int(part)
    raise RecipeError(f"The override '{override}': there is no item '{part}'.")


def _scalar(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        try:
            return json.loads(text)
        except ValueError:
            return text
    try:
        return _number(yaml.safe_load(text))
    except yaml.YAMLError:
        return text


def _number(value: Any) -> Any:
    """YAML 1.1 reads 1e-4 as text; take it for the number it is."""
    if isinstance(value, dict):
        return {key: _number(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, str) and value[:1] in "+-.0123456789" and value:
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _yaml(path: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int]]:
    import yaml

    try:
        values = _number(yaml.safe_load(text))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise RecipeError(f"The recipe {path}{where}: {problem}.") from None
    if not isinstance(values, dict):
        raise RecipeError(f"The recipe {path} is not a mapping of keys to values.")
    lines: dict[Path_, int] = {}
    _number_lines(node, (), lines)
    return values, lines


def _number_lines(node: Any, path: Path_, lines: dict[Path_, int]) -> None:
    if node.id == "mapping":
        for key, value in node.value:
            place = (*path, str(key.value))
            lines[place] = key.start_mark.line + 1
            _number_lines(value, place, lines)
    elif node.id == "sequence":
        for number, value in enumerate(node.value):
            lines[*path, number] = value.start_mark.line + 1
            _number_lines(value, (*path, number), lines)


def _check(path: Path, values: dict[str, Any], lines: Mapping[Path_, int]) -> Recipe:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Recipe).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
    place: Path_ = first["loc"]
    known = next(
        (lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None
    )
    where = f", line {known}" if known is not None else ""
    key = ".".join(str(part) for part in place)
    unknown = first["type"] in ("unexpected_keyword_argument", "extra_forbidden")
    problem = "there is no such key" if unknown else _plain(first["msg"])
    raise RecipeError(f"The recipe {path}{where}: '{key}': {problem}.")


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _build(kind: Any, value: Any, where: str) -> Any:
    """A value of the (dataclass or standard) type `kind` from plain JSON."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None:
            return None
        return _build(next(one for one in inner if one is not type(None)), value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list.")
        item = inner[0]
        return tuple(_build(item, one, f"{where}.{place}") for place, one in enumerate(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin if origin in (dict,) else kind
    if isinstance(plain, type) and not isinstance(value, plain):
        raise RecipeError(f"{where} must be of type {plain.__name__}, not {value!r}.")
    return value


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise RecipeError(f"{where} must be an object.")
    hints = get_type_hints(kind)
    names = {one.name for one in fields(kind)}
    for key in value:
        if key not in names:
            raise RecipeError(f"{where}: there is no key '{key}'.")
    arguments = {key: _build(hints[key], item, f"{where}: {key}") for key, item in value.items()}
    try:
        return kind(**arguments)
    except TypeError as error:
        raise RecipeError(f"{where}: {error}.") from None
