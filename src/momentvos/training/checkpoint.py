"""Checkpoints: tensors as safetensors, numbers as JSON, nothing pickled, written atomically."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from momentvos.errors import OutputError, RecipeError
from momentvos.json_text import finite, from_text, to_text
from momentvos.paths import inside, remove_folder
from momentvos.ranges import Range, check
from momentvos.regular_file import read_text
from momentvos.results.atomic_directory import atomic_directory
from momentvos.training import shards
from momentvos.training.average import Average
from momentvos.training.layout import Layout

Passed = Annotated[int, Range(0, 10**12)]
TENSORS, NUMBERS, SHARDS = "training.safetensors", "training.json", "shards"


@dataclass
class Progress:
    """Position of a run. step: optimiser steps done in all; stage: index of the stage.

    within: steps done in the stage. best: the best validation figure so far.
    size, beside: the stage's `Order`; 0 before its first step.
    """

    step: Passed = 0
    stage: Passed = 0
    within: Passed = 0
    best: float | None = None
    updates: Passed = 0
    size: Passed = 0
    beside: Passed = 0


def tensors(
    model: nn.Module,
    optimiser: torch.optim.Optimizer | None,
    average: Average | None,
    layout: Layout,
) -> dict[str, Tensor]:
    """Weights, averages and moments by name, whole and on the CPU.

    Where the model lies in shards, every process must ask; all but the first get nothing.
    """
    every = _named(model, optimiser)
    if average is not None:
        every |= {f"average.{name}": value for name, value in average.values.items()}
    made = {}
    for name, value in every.items():
        full = layout.whole(value.detach())
        if layout.accelerator.is_main_process:
            made[name] = full.cpu().contiguous()
    return made


def whole_state(model: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The `state_dict` of a model in shards, from its whole tensors; shared ones stay shared."""
    names = {id(value): name for name, value in _state(model).items()}
    return {
        key: tensors[f"model.{names[id(value)]}"]
        for key, value in model.state_dict(keep_vars=True).items()
    }


def save(
    folder: Path,
    tensors: dict[str, Tensor],
    model: nn.Module,
    average: Average | None,
    progress: Progress,
    state: dict[str, Tensor] | None = None,
) -> None:
    """Write a checkpoint beside `folder` and swap it in. Raises OutputError.

    state: the model's `state_dict`, where the model itself does not hold it whole.
    """
    if average is not None:
        progress.updates = average.updates

    def write(target: Path) -> None:
        save_file(tensors, target / TENSORS)
        (target / NUMBERS).write_text(to_text(finite(asdict(progress)), indent=1))
        export(target, model, average, state)

    replace_folder(folder, write)


def save_shards(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer | None,
    layout: Layout,
    progress: Progress,
) -> None:
    """Write a checkpoint of which each process writes its own part. Raises OutputError.

    Every process must ask, and see the folder. It is no model that can be loaded.
    """
    from accelerate.utils import broadcast_object_list

    def write(target: Path | None) -> None:
        (place,) = broadcast_object_list([target])
        shards.write(place / SHARDS, _named(model, optimiser))
        layout.accelerator.wait_for_everyone()
        if target is not None:
            (target / NUMBERS).write_text(to_text(finite(asdict(progress)), indent=1))

    if layout.accelerator.is_main_process:
        replace_folder(folder, write)
    else:
        write(None)


def export(
    folder: Path,
    model: nn.Module,
    average: Average | None,
    state: dict[str, Tensor] | None = None,
) -> None:
    """Write the model as a user loads it, with its averaged weights if there are any.

    A module without `save_pretrained` leaves `model.safetensors` alone. state: as in `save`.
    """
    with average.swapped(model) if average is not None else nullcontext():
        write: Any = getattr(model, "save_pretrained", None)
        if write is None:
            own = {name: value.detach().cpu() for name, value in _state(model).items()}
            save_file(own if state is None else state, folder / "model.safetensors")
        elif state is None:
            write(folder)
        else:
            write(folder, state_dict=state)


def find(folder: Path) -> Path | None:
    """The checkpoint at `folder`, or the one that a run of 0.1.0 was about to replace."""
    for place in (folder, _old(folder)):
        whole, parts = (place / TENSORS).is_file(), (place / SHARDS).is_dir()
        if (place / NUMBERS).is_file() and (whole or parts):
            return place
    return None


def load(folder: Path, model: nn.Module, average: Average | None) -> tuple[Progress, Any]:
    """Fill model and average; returns progress and the state for `restore_optimiser`.

    Raises RecipeError when the checkpoint is unreadable or of another model.
    """
    try:
        progress = Progress(**from_text(read_text(folder / NUMBERS)))
        check(progress)
        whole = (folder / TENSORS).is_file()
        tensors = load_file(folder / TENSORS) if whole else shards.read(folder / SHARDS)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise RecipeError(f"The checkpoint {folder} cannot be read ({error}).") from None
    state = _state(model)
    stored = _part(tensors, "model.")
    wrong = sorted(
        name
        for name in state.keys() | stored.keys()
        if name not in state or name not in stored or state[name].shape != stored[name].shape
    )
    if wrong:
        raise RecipeError(
            f"The checkpoint {folder} is of another model ('{wrong[0]}' differs); choose another "
            "output folder or the recipe it was trained with."
        )
    with torch.no_grad():
        for name, value in state.items():
            value.copy_(stored[name])
        if average is not None:
            averaged = _part(tensors, "average.")
            for name, value in average.values.items():
                value.copy_(averaged.get(name, stored[name]))
            average.updates = progress.updates
    return progress, _part(tensors, "optimiser.")


def restore_optimiser(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    stored: dict[str, Tensor],
    layout: Layout,
) -> None:
    """Give each parameter its moments back (Adam's exp_avg, exp_avg_sq and step)."""
    parameters = dict(model.named_parameters())
    for key, value in stored.items():
        name, _, entry = key.rpartition("/")
        if name not in parameters:
            raise RecipeError(f"The checkpoint holds '{key}', of no parameter of this model.")
        parameter = parameters[name]
        place = value if entry == "step" else layout.part(value, parameter)
        optimiser.state[parameter][entry] = place


def replace_folder(folder: Path, write: Any) -> None:
    """Let `write(path)` fill a new folder, which then takes the place of `folder` in one step."""
    try:
        with atomic_directory(inside(folder.parent, folder.name)) as new:
            write(new)
        for name in (f".{folder.name}.new", _old(folder).name):  # what 0.1.0 has left
            remove_folder(folder.parent, name)
    except (OSError, SafetensorError) as error:
        raise OutputError(
            f"The checkpoint {folder} cannot be written ({error}); an earlier one is intact."
        ) from None


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _state(model: nn.Module) -> dict[str, Tensor]:
    return dict(model.named_parameters()) | dict(model.named_buffers())


def _named(model: nn.Module, optimiser: torch.optim.Optimizer | None) -> dict[str, Tensor]:
    """Weights and moments, as they lie."""
    named = {f"model.{name}": value for name, value in _state(model).items()}
    return named | (_optimiser_state(model, optimiser) if optimiser is not None else {})


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _optimiser_state(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"optimiser.{name}/{entry}": value
        for name, parameter in model.named_parameters()
        for entry, value in optimiser.state.get(parameter, {}).items()
    }
