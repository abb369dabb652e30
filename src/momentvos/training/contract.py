"""What training must know of a system, and where it finds it: beside the system."""

from __future__ import annotations

from typing import Any, Protocol, cast

from torch import Tensor, nn

from momentvos.data.precomputed import Precomputed
from momentvos.errors import ModelError, RecipeError
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.registry import system


class SystemTraining(Protocol):
    """A system's module `train`; see `momentvos.systems.training` for what it may also have."""

    def from_preset(self, options: ModelOptions) -> nn.Module:
        """A model as its preset has it. Raises RecipeError or ValueError."""

    def check(self, stage: StageTask) -> None:
        """Raises RecipeError where a stage asks for what the system has not."""

    def losses(self, model: Any, batch: Any, stage: StageTask) -> dict[str, Tensor]:
        """Losses of a batch, "loss" the one to minimise."""

    def precompute(self, model: Any, batch: Any, stage: StageTask) -> Precomputed:
        """What the frozen parts make of a batch, for a stage's `precompute`."""


def named(kind: str) -> SystemTraining:
    """The training of a recipe's `model.system`.

    Raises RecipeError for a system that is not registered or cannot be trained.
    """
    try:
        found = system(kind)
    except ModelError as error:
        raise RecipeError(str(error)) from None
    return cast(SystemTraining, found.training_module())


def of(model: nn.Module) -> SystemTraining:
    """The training of a model's system. Raises RecipeError for a system that cannot be trained."""
    found = getattr(model, "training_module", None)
    if found is None:
        raise RecipeError(f"{type(model).__name__} is no system that can be trained.")
    return cast(SystemTraining, found())
