"""Trained parameters, their learning rates, and schedules."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import torch
from torch import nn

from momentvos.errors import RecipeError
from momentvos.training.options import GroupOptions, OptimiserOptions


def choose(model: nn.Module, trainable: Iterable[str], options: OptimiserOptions) -> list[str]:
    """Set `requires_grad` of every parameter and return the names of those that train.

    trainable: names the model itself lets train. Raises RecipeError when a pattern matches
    nothing or nothing is left to train.
    """
    names, allowed = [name for name, _ in model.named_parameters()], set(trainable)
    for pattern in (*options.frozen, *options.trained, *(one.pattern for one in options.groups)):
        if not any(_match(pattern, name) for name in names):
            raise RecipeError(
                f"The pattern '{pattern}' matches no parameter of the model; its parameters are "
                f"named like '{names[0]}'."
            )
    chosen = [
        name
        for name in names
        if name in allowed
        and not any(_match(pattern, name) for pattern in options.frozen)
        and (not options.trained or any(_match(pattern, name) for pattern in options.trained))
    ]
    if not chosen:
        raise RecipeError("No parameter is left to train; check `frozen` and `trained`.")
    kept = set(chosen)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in kept)
    return chosen


def optimiser(model: nn.Module, chosen: list[str], options: OptimiserOptions) -> torch.optim.AdamW:
    """AdamW over the chosen parameters; each group remembers its factor on the rate as `scale`.

    On a processor it takes one pass over a parameter, not one for each of its operations.
    """
    parameters = dict(model.named_parameters())
    on_processor = all(parameters[name].device.type == "cpu" for name in chosen)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name in chosen:
        group = _group(name, options.groups)
        decay = options.weight_decay if group.weight_decay is None else group.weight_decay
        if group.weight_decay is None and parameters[name].ndim < 2:
            decay = 0.0
        groups.setdefault((group.scale, decay), []).append(parameters[name])
    return torch.optim.AdamW(
        [
            {"params": members, "scale": scale, "weight_decay": decay}
            for (scale, decay), members in groups.items()
        ],
        lr=options.lr,
        betas=options.betas,
        fused=True if on_processor else None,
    )


def rate(step: int, steps: int, options: OptimiserOptions) -> float:
    """Learning rate of step 0 .. steps - 1: linear warm-up, then constant or half a cosine."""
    warmup = options.warmup if options.warmup >= 1 else round(options.warmup * steps)
    if step < warmup:
        return options.lr * (step + 1) / warmup
    if options.schedule == "constant":
        return options.lr
    done = (step - warmup) / max(steps - warmup, 1)
    share = options.floor + (1 - options.floor) * (1 + math.cos(math.pi * done)) / 2
    return options.lr * share


def set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Give every group `value` times its own factor."""
    for group in optimiser.param_groups:
        group["lr"] = value * group["scale"]


def _group(name: str, groups: Iterable[GroupOptions]) -> GroupOptions:
    matches = (group for group in groups if _match(group.pattern, name))
    return next(matches, GroupOptions(""))


def _match(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error as error:
        raise RecipeError(f"'{pattern}' is not a regular expression: {error}.") from None
