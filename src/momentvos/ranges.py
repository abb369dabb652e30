"""Bounds of options, declared beside their types and checked in one place.

    window: Annotated[int, Range(1, 4096)] = 8
    presence_threshold: Share = 0.5

`check` does so for a configuration; pydantic and `momentvos.training.plain` for a recipe.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin


@dataclass(frozen=True)
class Range:
    """Bounds of every number in an option's value, both included.

    above: without the lower one. count: how many numbers there are, where that is fixed, each at
    least as great as the one before it.
    """

    low: float
    high: float
    above: bool = False
    count: int | None = None

    def fault(self, value: Any) -> str | None:
        """The end of a sentence that says what the value must be; None where it is."""
        numbers = list(_numbers(value))
        for one in numbers:
            if not self.low <= one <= self.high or (self.above and one == self.low):
                least = "above" if self.above else "from"
                return (
                    f"must be {least} {_plain(self.low)} to {_plain(self.high)}, not {shown(one)}"
                )
        if self.count is not None and (len(numbers) != self.count or sorted(numbers) != numbers):
            return f"must be {self.count} numbers in rising order, not {shown(value)}"
        return None

    def check(self, value: Any) -> Any:
        """Return the value. Raises ValueError where it is out of bounds."""
        if fault := self.fault(value):
            raise ValueError(fault)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """How pydantic checks it; True and False are no numbers."""
        from pydantic_core import core_schema

        def checked(value: Any, inner: Any) -> Any:
            if isinstance(value, bool):
                raise ValueError(f"must be a number, not {value}")
            return self.check(inner(value))

        return core_schema.no_info_wrap_validator_function(checked, handler(source))


MOST = 1_000_000
Count = Annotated[int, Range(0, MOST)]
"""None, or some."""
Some = Annotated[int, Range(1, MOST)]
"""At least one."""
Side = Annotated[int, Range(8, 8192)]
"""Pixels along an edge of a square."""
Share = Annotated[float, Range(0, 1)]
"""A part of a whole, or a probability."""
Weight = Annotated[float, Range(0, 1e6)]
"""How much something counts beside others."""
Rate = Annotated[float, Range(0, 1000, above=True)]
"""Frames per second."""
Seed = Annotated[int, Range(0, 2**31 - 1)]
"""Of random numbers."""


def check(options: Any) -> None:
    """Raise ValueError, one sentence, for an option of another type or out of its bounds.

    options: of a class with annotated fields; those that `transformers` brings are its own affair.
    """
    cls: Any = type(options)  # which mypy does not take for hashable
    for name, kind in _kinds(cls).items():
        if fault := fault_of(kind, getattr(options, name)):
            raise ValueError(f"'{name}' {fault}")


def shown(value: Any) -> str:
    """A value for a message, however long it is."""
    try:
        return reprlib.repr(value)
    except ValueError:  # a whole number of too many digits
        return "a number of thousands of digits"


@cache
def _kinds(cls: type) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] not in ("builtins", "transformers"):
            kinds |= inspect.get_annotations(base, eval_str=True)
    return {name: kind for name, kind in kinds.items() if get_origin(kind) is not ClassVar}


def fault_of(kind: Any, value: Any) -> str | None:
    """The end of a sentence that says what the value of a kind must be; None where it is.

    kind: a type, as it stands beside a field, with `Range`s in ``Annotated``.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return None
    if origin is Annotated:
        ranges = (one for one in kind.__metadata__ if isinstance(one, Range))
        faults = (fault_of(inner[0], value), *(one.fault(value) for one in ranges))
        return next((one for one in faults if one), None)
    if origin in (Union, UnionType):
        faults = tuple(
            fault_of(one, value) for one in inner if one is not NoneType or value is None
        )
        return None if None in faults else faults[0]
    if origin is Literal:
        good = any(type(value) is type(one) and value == one for one in inner)
        return None if good else f"must be {' or '.join(map(repr, inner))}, not {shown(value)}"
    if origin in (list, tuple, dict, Mapping):
        return _container_fault(origin, inner, value)
    good = kind is NoneType and value is None
    if kind is float:
        good = type(value) in (int, float) and abs(value) < 1e300
    elif isinstance(kind, type):
        good = type(value) is kind if kind in _NAMES else isinstance(value, kind)
    wanted = _NAMES.get(kind, getattr(kind, "__name__", str(kind)))
    return None if good else f"must be {wanted}, not {shown(value)}"


_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
    NoneType: "null",
}


def _container_fault(origin: Any, inner: tuple[Any, ...], value: Any) -> str | None:
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            return f"must be options and their values, not {shown(value)}"
        return next((fault for one in value.values() if (fault := fault_of(inner[1], one))), None)
    if not isinstance(value, list | tuple):
        return f"must be a list, not {shown(value)}"
    kinds = inner
    if origin is list or inner[-1] is Ellipsis:
        kinds = (inner[0],) * len(value)
    if len(kinds) != len(value):
        return f"must be a list of {len(kinds)}, not {shown(value)}"
    pairs = zip(kinds, value, strict=True)
    return next((fault for kind, one in pairs if (fault := fault_of(kind, one))), None)


def _plain(bound: float) -> str:
    return str(int(bound) if bound == int(bound) else bound)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
