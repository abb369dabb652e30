"""Shards of tensors: one safetensors file a process, written and read by torch's own format."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import prod
from pathlib import Path

import torch
from torch import Tensor


def write(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write this process's parts; what all processes have whole is written by one.

    Every process must ask, with the same names.
    """
    from torch.distributed import checkpoint

    checkpoint.save(
        {name: value.detach() for name, value in tensors.items()},
        storage_writer=checkpoint.HuggingFaceStorageWriter(str(folder), save_distributed=True),
    )


def read(folder: Path) -> dict[str, Tensor]:
    """All tensors whole, by as many processes as there are now. Raises ValueError, OSError.

    Also where a file is missing, so that a part of a tensor would be undefined.
    """
    from torch.distributed import checkpoint
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata

    reader = checkpoint.HuggingFaceStorageReader(str(folder))
    tensors = {}
    for name, about in reader.read_metadata().state_dict_metadata.items():
        assert isinstance(about, TensorStorageMetadata)
        if sum(prod(chunk.sizes) for chunk in about.chunks) != prod(about.size):
            raise ValueError(f"a part of '{name}' is missing")
        tensors[name] = torch.empty(about.size, dtype=about.properties.dtype)
    if not tensors:
        raise ValueError("there are no shards")
    with warnings.catch_warnings():  # of what `no_dist` asks for
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        checkpoint.load(tensors, storage_reader=reader, no_dist=True)
    return tensors
