"""Dataclasses from plain JSON values, with the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from momentvos.errors import RecipeError
from momentvos.ranges import Range, shown
from momentvos.suggestion import did_you_mean


def build(kind: Any, value: Any, where: str) -> Any:
    """A value of the type `kind` (a dataclass or a standard one) from plain JSON.

    where: names the value in errors. Raises RecipeError.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        made = build(inner[0], value, where)
        for one in kind.__metadata__:
            if isinstance(one, Range) and (fault := one.fault(made)):
                raise RecipeError(f"{where} {fault}.")
        return made
    if origin in (Union, UnionType):
        if value is None:
            return None
        return build(next(one for one in inner if one is not type(None)), value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list.")
        kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) != len(value):
            raise RecipeError(f"{where} must be a list of {len(kinds)}.")
        pairs = enumerate(zip(kinds, value, strict=True))
        return tuple(build(item, one, f"{where}.{place}") for place, (item, one) in pairs)
    if origin is dict:
        if not isinstance(value, dict):
            raise RecipeError(f"{where} must be an object.")
        return {key: build(inner[1], one, f"{where}.{key}") for key, one in value.items()}
    if origin is Literal:
        if not any(type(value) is type(one) and value == one for one in inner):
            raise RecipeError(f"{where} must be one of {', '.join(map(repr, inner))}.")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise RecipeError(f"{where} is too great a number.") from None
    if kind is not Any and type(value) is not kind:
        raise RecipeError(f"{where} must be of type {kind.__name__}, not {shown(value)}.")
    return value


def keys(kind: Any, place: Sequence[str | int]) -> list[str]:
    """The keys of the dataclass at a place below `kind`; none where there is another type."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        return [key for one in get_args(kind) for key in keys(one, place)]
    if is_dataclass(kind) and isinstance(kind, type):
        if not place:
            return [one.name for one in fields(kind)]
        return keys(get_type_hints(kind, include_extras=True).get(str(place[0])), place[1:])
    if get_origin(kind) in (tuple, list, dict) and place:
        return [key for one in get_args(kind) for key in keys(one, place[1:])]
    return []


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise RecipeError(f"{where} must be an object.")
    hints = get_type_hints(kind, include_extras=True)
    names = {one.name for one in fields(kind)}
    for key in value:
        if key not in names:
            raise RecipeError(f"{where}: there is no key '{key}'{did_you_mean(key, names)}")
    arguments = {key: build(hints[key], item, f"{where}: {key}") for key, item in value.items()}
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{where}: {error}.") from None
