"""A record: numbers, text and tensors in one safetensors file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.json_text import from_text, to_text

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class State:
    """Something that can be kept: plain values for JSON, and tensors by name."""

    values: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def part(self, name: str) -> State:
        """What `add` has put in under a name."""
        start = f"{name}."
        inner = {k[len(start) :]: v for k, v in self.tensors.items() if k.startswith(start)}
        return State(self.values[name], inner)

    def add(self, name: str, other: State) -> State:
        """Put another one in, and give back this one."""
        self.values[name] = other.values
        self.tensors |= {f"{name}.{key}": value for key, value in other.tensors.items()}
        return self


def write_record(path: Path, state: State) -> None:
    """Have a record on the disk, in place of an earlier one.

    Raises OSError; the earlier one then stays.
    """
    from safetensors import SafetensorError

    new = path.with_name(f".{path.name}.new")
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.tensors.items()}
    text = to_text(state.values, separators=(",", ":"))
    try:
        _save(tensors, new, {"values": text, "digest": _digest(text, tensors)})
    except SafetensorError as error:  # a full disk
        raise OSError(None, str(error)) from None
    _synced(new, os.O_RDWR)
    new.replace(path)
    _synced(path.parent, os.O_RDONLY)


def read_record(path: Path) -> State:
    """A record as it was written. Raises ValueError where it is not, OSError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        values = from_text(about["values"])
        if isinstance(values, dict) and _digest(about["values"], tensors) == about["digest"]:
            return State(values, tensors)
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise ValueError(str(error)) from None
    raise ValueError("it is not as it was written")


def _save(tensors: Mapping[str, Tensor], path: Path, about: dict[str, str]) -> None:
    """Write the file by way of numpy where it has all types of numbers.

    The writer for PyTorch keeps 6 KB for each new size of tensor as long as the process lives.
    """
    from safetensors.numpy import save_file
    from safetensors.torch import save_file as save_any

    try:
        arrays = {name: value.numpy() for name, value in tensors.items()}
    except TypeError:  # bfloat16
        save_any(dict(tensors), path, about)
    else:
        save_file(arrays, path, about)


def _digest(values: str, tensors: Mapping[str, Tensor]) -> str:
    """A hash of all that a record holds."""
    import torch

    made = blake2b(values.encode(), digest_size=16)
    for name in sorted(tensors):
        value = tensors[name]
        made.update(f"{name}:{value.dtype}:{tuple(value.shape)}".encode())
        if value.numel():
            made.update(value.flatten().view(torch.uint8).numpy().data)
    return made.hexdigest()


def _synced(path: Path, flags: int) -> None:
    """Have a file or folder on the disk."""
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
