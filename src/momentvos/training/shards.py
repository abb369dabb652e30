"""Shards of tensors: one safetensors file a process, written and read in torch's own format."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.errors import OutputError

if TYPE_CHECKING:
    from torch.distributed.checkpoint import CheckpointException


def write(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write this process's parts; what all processes have whole is written by one.

    Every process must ask, with the same names. Raises OutputError.
    """
    from torch.distributed import checkpoint

    named = {name: value.detach() for name, value in tensors.items()}
    writer = checkpoint.HuggingFaceStorageWriter(str(folder), save_distributed=True)
    try:
        checkpoint.save(named, storage_writer=writer)
    except checkpoint.CheckpointException as error:  # one process's, told to all
        raise OutputError(f"The checkpoint's shards cannot be written ({_first(error)}).") from None


def read(folder: Path) -> dict[str, Tensor]:
    """All tensors whole, by as many processes as there are now.

    Raises ValueError, OSError or SafetensorError; also where a file is missing, so that a part of
    a tensor would be undefined.
    """
    from torch.distributed import checkpoint
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata

    reader = checkpoint.HuggingFaceStorageReader(str(folder))
    tensors = {}
    try:
        listed = reader.read_metadata().state_dict_metadata
    except KeyError as error:
        raise ValueError(f"a shard does not say where {error} lies") from None
    for name, about in listed.items():
        assert isinstance(about, TensorStorageMetadata)
        if sum(prod(chunk.sizes) for chunk in about.chunks) != prod(about.size):
            raise ValueError(f"a part of '{name}' is missing")
        tensors[name] = torch.empty(about.size, dtype=about.properties.dtype)
    if not tensors:
        raise ValueError("there are no shards")
    try:
        with warnings.catch_warnings():  # of what `no_dist` asks for
            warnings.filterwarnings("ignore", "torch.distributed is disabled")
            checkpoint.load(tensors, storage_reader=reader, no_dist=True)
    except checkpoint.CheckpointException as error:
        raise ValueError(_first(error)) from None
    return tensors


def _first(error: CheckpointException) -> object:
    """Of the processes' failures the first."""
    return next(iter(error.failures.values()))[0]
