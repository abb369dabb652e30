"""Dataclasses from plain JSON values, with the standard library alone."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from momentvos.errors import RecipeError


def build(kind: Any, value: Any, where: str) -> Any:
    """A value of the type `kind` (a dataclass or a standard one) from plain JSON.

    where: names the value in errors. Raises RecipeError.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None:
            return None
        return build(next(one for one in inner if one is not type(None)), value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list.")
        item = inner[0]
        return tuple(build(item, one, f"{where}.{place}") for place, one in enumerate(value))
    if origin is Literal:
        if value not in inner:
            raise RecipeError(f"{where} must be one of {', '.join(map(repr, inner))}.")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin or kind
    if kind is not Any and not isinstance(value, plain):
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
    arguments = {key: build(hints[key], item, f"{where}: {key}") for key, item in value.items()}
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{where}: {error}.") from None
