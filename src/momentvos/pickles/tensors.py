"""What a checkpoint's pickle may import, and the checks of its tensors against its storages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from momentvos.pickles.archive import Archive
from momentvos.pickles.scan import Maker
from momentvos.pickles.value import UnsafePickleError, Value

STORAGES = {
    "torch.BoolStorage": 1,
    "torch.ByteStorage": 1,
    "torch.CharStorage": 1,
    "torch.ShortStorage": 2,
    "torch.HalfStorage": 2,
    "torch.BFloat16Storage": 2,
    "torch.IntStorage": 4,
    "torch.FloatStorage": 4,
    "torch.LongStorage": 8,
    "torch.DoubleStorage": 8,
    "torch.ComplexFloatStorage": 8,
    "torch.ComplexDoubleStorage": 16,
    "torch.storage.UntypedStorage": 1,
}
"""Bytes of an element."""
TYPES = {
    "torch.bool": 1,
    "torch.uint8": 1,
    "torch.int8": 1,
    "torch.float8_e4m3fn": 1,
    "torch.float8_e5m2": 1,
    "torch.int16": 2,
    "torch.uint16": 2,
    "torch.float16": 2,
    "torch.bfloat16": 2,
    "torch.int32": 4,
    "torch.uint32": 4,
    "torch.float32": 4,
    "torch.int64": 8,
    "torch.uint64": 8,
    "torch.float64": 8,
    "torch.complex64": 8,
    "torch.complex128": 16,
}
"""Bytes of an element, likewise."""
MOST_DIMENSIONS = 32
LARGEST_SIDE = 1 << 40
SHARED = 4
"""A storage may count so often: tied weights share one, and so may an average of the weights."""
SMALL = 64 << 20
"""Bytes of tensors that are never too many."""


class Tensors:
    """The checks of one checkpoint; they add up what its tensors would fill."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.total = archive, 0
        self.known: dict[str, tuple[str, int]] = {}

    def objects(self, extra: tuple[str, ...] = ()) -> Mapping[str, Maker | None]:
        """What may be imported; `extra` names classes of options, made without arguments."""
        return {
            **dict.fromkeys((*STORAGES, *TYPES)),
            **dict.fromkeys(("collections.OrderedDict", "argparse.Namespace", *extra), _empty),
            "collections.Counter": _counter,
            "torch.Size": _numbers,
            "torch.device": _numbers,
            "_codecs.encode": _bytes,
            "torch._utils._rebuild_tensor": self.tensor,
            "torch._utils._rebuild_tensor_v2": self.tensor,
            "torch._utils._rebuild_tensor_v3": self.tensor,
            "torch._utils._rebuild_parameter": _parameter,
        }

    def storage(self, name: Value) -> Value:
        """A storage, from its persistent id; its record must hold all that the id says."""
        match name.items:
            case ("storage", Value(kind="global", name=kind), str(key), str(), int(elements)):
                pass
            case _:
                raise UnsafePickleError("it asks for objects outside the file")
        size = STORAGES.get(kind)
        if size is None or self.known.setdefault(key, (kind, elements)) != (kind, elements):
            raise UnsafePickleError("it describes a storage in two ways")
        if not 0 <= elements * size <= self.archive.storages.get(key, -1):
            raise UnsafePickleError(f"its storage {key[:20]!r} is not in the file as a whole")
        return Value("storage", elements=elements, size=size)

    def tensor(self, arguments: Value) -> Value:
        """A tensor, which must lie inside its storage."""
        match arguments.items:
            case (Value(kind="storage") as storage, int(first), Value() as shape, Value() as step):
                size = storage.size
            case (
                Value(kind="storage") as storage,
                int(first),
                Value() as shape,
                Value() as step,
                bool(),
                Value(kind="object"),
                *rest,
            ):
                size = _size(storage, rest)
            case _:
                raise UnsafePickleError("it describes a tensor that is none")
        sides, steps = _sides(shape), _sides(step)
        elements = math.prod(sides)
        last = first + sum((n - 1) * by for n, by in zip(sides, steps, strict=False))
        room = storage.elements * storage.size // size
        if len(sides) != len(steps) or first < 0 or (elements and last >= room):
            raise UnsafePickleError("it describes a tensor that does not lie in its storage")
        self.total += elements * size
        if self.total > max(SMALL, SHARED * self.archive.size):
            raise UnsafePickleError("its tensors are views that would fill far more than the file")
        return Value("tensor")


def _size(storage: Value, rest: list[Any]) -> int:
    """Bytes of an element: the storage's, or those of a type that follows."""
    match rest:
        case [] | [None]:
            return storage.size
        case [Value(kind="global", name=name)] | [Value(kind="global", name=name), None]:
            if name in TYPES:
                return TYPES[name]
    raise UnsafePickleError("it describes a tensor that is none")


def _sides(value: Value) -> tuple[int, ...]:
    # A torch.Size has become an object, which no call of torch.save leaves here.
    sides = value.items
    if value.kind != "tuple" or len(sides) > MOST_DIMENSIONS or value.weight > len(sides) + 1:
        raise UnsafePickleError("it describes a tensor that is none")
    if not all(isinstance(side, int) and 0 <= side < LARGEST_SIDE for side in sides):
        raise UnsafePickleError("it describes a tensor that is none")
    return sides


def _parameter(arguments: Value) -> Value:
    match arguments.items:
        case (Value(kind="tensor"), bool(), Value(kind="object")):
            return Value("tensor")
    raise UnsafePickleError("it describes a parameter that is none")


def _empty(arguments: Value) -> Value:
    if arguments.weight > 1:
        raise UnsafePickleError("it fills an object by its arguments")
    return Value("object")


def _counter(arguments: Value) -> Value:
    if arguments.weight > 1 and not (
        len(arguments.items) == 1
        and isinstance(arguments.items[0], Value)
        and arguments.items[0].kind == "dict"
    ):
        raise UnsafePickleError("it fills an object by its arguments")
    return Value("object")


def _numbers(arguments: Value) -> Value:
    items = arguments.items
    if len(items) == 1 and isinstance(items[0], Value) and items[0].kind == "tuple":
        items = items[0].items
    if any(isinstance(one, Value) for one in items):
        raise UnsafePickleError("it fills an object by its arguments")
    return Value("object")


def _bytes(arguments: Value) -> Value:
    """Bytes in old protocols, as Latin-1; other encodings transform or compress."""
    match arguments.items:
        case (str(), "latin1"):
            return Value("object")
    raise UnsafePickleError("it fills an object by its arguments")
