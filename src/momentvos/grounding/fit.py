"""Training loop of grounders, on one machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from momentvos.errors import ModelError, OutputError, RecipeError
from momentvos.grounding.fit_options import FitOptions
from momentvos.grounding.resume import STATE, load_state, save_state
from momentvos.guard import MISFITS, guarded
from momentvos.paths import inside, remove_folder
from momentvos.results.atomic_directory import atomic_directory

PATIENCE = 20
"""Steps in a row whose loss or gradient is not finite before the run gives up."""

Report = Callable[[int, int, float], None]
"""Called after each step: steps done, steps in all, moving mean of the loss."""


class TrainingTask(Protocol):
    """A model and its training items, each with a loss."""

    @property
    def module(self) -> nn.Module:
        """The module, on its device; parameters without gradient do not train."""
        ...

    @property
    def items(self) -> int:
        """Items of an epoch."""
        ...

    def loss(self, number: int) -> Tensor:
        """Loss of item `number`, 0 or more; the same number is the same item."""
        ...

    def save(self, folder: Path) -> None:
        """Write a folder that a grounder loads."""
        ...


def fit(
    task: TrainingTask,
    options: FitOptions,
    folder: Path,
    report: Report | None = None,
    run: str = "",
    resume: bool = True,
) -> float:
    """Train, and write `folder/last` every `save` steps and at the end; return the mean loss.

    run: names what is trained, and how. With `resume`, a run of that name that was stopped goes on
    from its last save, to the same weights that it would have come to.
    Raises ModelError where the loss stays without a number, RecipeError where the folder is
    another run's, OutputError where nothing can be written.
    """
    module = task.module
    trained = [one for one in module.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=options.lr, weight_decay=options.weight_decay)
    steps = options.steps or max(round(options.epochs * task.items / options.items), 1)
    first = load_state(folder / STATE, module, optimiser, run) if resume else 0
    late, bad = math.nan, 0
    module.train()
    for step in range(first, steps):
        torch.manual_seed(step)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, options)
        total = 0.0
        for place in range(options.items):
            with guarded(RecipeError, "The recipe's parts do not fit each other", MISFITS):
                with _autocast(module, options.bf16):
                    loss = task.loss(step * options.items + place)
                (loss / options.items).backward()
            total += float(loss.detach()) / options.items
        norm = float(nn.utils.clip_grad_norm_(trained, options.clip))
        bad = 0 if math.isfinite(total + norm) else bad + 1
        if bad == PATIENCE:
            raise ModelError(
                f"The loss has had no number for {PATIENCE} steps, up to step {step + 1}; lower "
                "the learning rate (fit.lr)."
            )
        if not bad:
            optimiser.step()
            late = total if math.isnan(late) else 0.98 * late + 0.02 * total
        optimiser.zero_grad(set_to_none=True)
        if report is not None:
            report(step + 1, steps, late)
        if step + 1 == steps or (step + 1) % options.save == 0:
            module.eval()
            state = partial(save_state, folder / STATE, module, optimiser, step + 1, run)
            _store(task, folder, state)
            module.train()
    module.eval()
    return late


def rate(step: int, steps: int, options: FitOptions) -> float:
    """Learning rate of step 0 .. steps - 1."""
    if step < options.warmup:
        return options.lr * (step + 1) / options.warmup
    done = (step - options.warmup) / max(steps - options.warmup, 1)
    return options.lr * (1 + math.cos(math.pi * done)) / 2


def _autocast(module: nn.Module, wanted: bool) -> Any:
    device = next(module.parameters()).device.type
    if not wanted:
        return nullcontext()
    return torch.autocast(device, dtype=torch.bfloat16)


def _store(task: TrainingTask, folder: Path, state: Callable[[], None]) -> None:
    last = inside(folder, "last")
    try:
        with atomic_directory(last) as new:
            new.rmdir()  # a task makes its folder itself
            task.save(new)
        for name in (".last.new", ".last.old"):  # what 0.1.0 has left
            remove_folder(folder, name)
        state()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The model cannot be written to {last}: {reason}.") from None
