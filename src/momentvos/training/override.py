"""Changing one value of a recipe from the command line."""

from __future__ import annotations

import json
from typing import Any

from momentvos.errors import RecipeError
from momentvos.guard import guarded
from momentvos.yaml_text import YamlError, parse

DEEPEST = 32
"""Keys that an override may go down."""


def apply(values: Any, override: str) -> None:
    """Set one `a.b=value` in place; the value is read as YAML (JSON without a YAML reader)."""
    key, sign, text = override.partition("=")
    override = override if len(override) <= 80 else f"{override[:80]}…"
    if not sign or not key:
        raise RecipeError(f"'{override}' is not an override; write key=value like seed=1.")
    *parents, last = key.split(".")
    if len(parents) >= DEEPEST:
        raise RecipeError(f"The override '{override[:80]}…' leads over {DEEPEST} keys down.")
    place = values
    for part in parents:
        place = _step(place, part, override)
    with guarded(RecipeError, f"The value of the override '{override}' cannot be read"):
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
    if part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(place):
        return int(part)
    raise RecipeError(f"The override '{override}': there is no item '{part[:40]}'.")


def _scalar(text: str) -> Any:
    try:
        return numbers(parse(text)[0])
    except YamlError:
        return text
    except ImportError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def numbers(value: Any) -> Any:
    """YAML 1.1 reads 1e-4 as text; take it for the number it is."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if isinstance(value, str) and value[:1] in "+-.0123456789" and value:
        try:
            return float(value)
        except ValueError:
            return value
    return value
