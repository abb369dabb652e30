"""What a pickle's stack would hold: sizes of values, and of some the content; nothing is built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["tuple", "list", "dict", "set", "global", "object", "storage", "tensor"]

DEEPEST = 100
"""Levels of nested values: hashing nested tuples recurses in C, without a check of the stack."""
LONGEST = 64
"""Most items of a tuple that are kept; longer ones are no argument of anything."""
MOST_DIGITS = 61
"""Bits of a whole number that is a key: of larger ones, many have the same hash."""


class UnsafePickleError(ValueError):
    """A pickle that would import or call something, or exhaust the process; `str` says what.

    asked: the Python object that it asks for, where that is the fault.
    """

    def __init__(self, why: str, asked: str | None = None) -> None:
        super().__init__(why)
        self.asked = asked


@dataclass(slots=True)
class Value:
    """A value other than a number, a string or None, which stand for themselves.

    depth: levels of values in it. weight: values in it, shared ones once for each use. items: of a
    tuple. name: of a global, or of what has made an object. elements, size: of a storage, in
    `size` bytes each. held: whether it lies in another value and can no longer change.
    """

    kind: Kind
    depth: int = 1
    weight: int = 1
    items: tuple[Any, ...] = ()
    name: str = ""
    elements: int = 0
    size: int = 0
    held: bool = field(default=False)

    def take(self, values: Iterable[Any]) -> None:
        """Count `values` as held by this one. Raises UnsafePickleError where it cannot change."""
        if self.held:
            raise UnsafePickleError("it changes a value that another one holds already")
        for one in values:
            self.weight += 1
            if isinstance(one, Value):
                if one is self:
                    raise UnsafePickleError("it holds a value that contains itself")
                one.held = True
                self.weight += one.weight
                self.depth = max(self.depth, one.depth + 1)
        if self.depth > DEEPEST:
            raise UnsafePickleError(f"it nests values over {DEEPEST} levels deep")


def tuple_of(values: list[Any]) -> Value:
    """A tuple; its items are kept where they may be arguments."""
    made = Value("tuple", items=tuple(values) if len(values) <= LONGEST else ())
    made.take(values)
    return made


def check_keys(keys: Iterable[Any]) -> None:
    """Raise UnsafePickleError for a key of a dict, or item of a set, that is slow to hash."""
    for key in keys:
        if isinstance(key, Value):
            raise UnsafePickleError(f"it uses a {key.kind} as a key")
        if isinstance(key, int) and key.bit_length() >= MOST_DIGITS:
            raise UnsafePickleError("it uses a number of over 60 bits as a key")
