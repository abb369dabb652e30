"""Read a ``.pth`` file of unknown origin: tensors and plain values, nothing that could run."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from momentvos.errors import ModelError
from momentvos.pickles.checkpoint import load_checkpoint

MOST_WEIGHTS = 20_000
LONGEST_NAME = 300
COUNTERS = ("total_params", "total_ops")
"""What the thop profiler leaves in a state dict."""


@dataclass(frozen=True)
class Checkpoint:
    """The usable content of a file.

    weights  by official name, without ``module.``; mapped from the file, not read into memory
    args     the training program's arguments, empty where there are none
    others   names of the file's remaining entries, such as the optimiser's state
    """

    weights: dict[str, Tensor]
    args: dict[str, Any]
    others: tuple[str, ...]


def read(path: str | Path) -> Checkpoint:
    """Read a checkpoint that ``torch.save`` wrote, without running anything in it.

    The weights are the dict under "model" or "state_dict", or the whole file. Names may have
    DistributedDataParallel's ``module.`` in front. Tensors are on the CPU, mapped from the file.

    Raises:
        ModelError: there is no such file, it is too large, no checkpoint, asks for objects that
            no checkpoint needs, or holds something else than tensors where weights belong.
    """
    path = Path(path)
    content = load_checkpoint(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}, not a dict of weights.")
    inner = next((name for name in ("model", "state_dict") if name in content), None)
    weights = content if inner is None else content[inner]
    others = () if inner is None else tuple(str(name) for name in content if name != inner)
    args = content.get("args") if inner is not None else None
    arguments = dict(vars(args)) if isinstance(args, argparse.Namespace) else {}
    return Checkpoint(_weights(path, weights), arguments, others)


def _weights(path: Path, content: Any) -> dict[str, Tensor]:
    if not isinstance(content, dict) or not content:
        raise ModelError(f"{path} holds no weights.")
    if len(content) > MOST_WEIGHTS:
        raise ModelError(f"{path} holds {len(content)} weights: no such model is known.")
    weights: dict[str, Tensor] = {}
    for key, value in content.items():
        if not isinstance(key, str) or len(key) > LONGEST_NAME or not key.isprintable():
            raise ModelError(f"{path} has a weight whose name is no name of a weight.")
        name = key.removeprefix("module.")
        if name.endswith(COUNTERS):
            continue
        if name in weights:
            raise ModelError(f"{path} holds the weight {name} twice.")
        if not _plain(value):
            raise ModelError(f"{path} holds a {type(value).__name__} at {name}, not a weight.")
        weights[name] = value
    return weights


def _plain(value: Any) -> bool:
    return (
        type(value) in (Tensor, torch.nn.Parameter)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )
