"""Training contract: the functions that the loop calls of a system's `train` module."""

from __future__ import annotations

from typing import Any, Protocol, cast

from torch import Tensor, nn

from momentvos.data.precomputed import Precomputed
from momentvos.errors import ModelError, RecipeError
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.registry import system


class SystemTraining(Protocol):
    """A system's module `train`; see `momentvos.systems.training` for its optional functions."""

    def from_preset(self, options: ModelOptions) -> nn.Module:
        """Build a model from its preset. Raises RecipeError or ValueError."""

    def check(self, stage: StageTask) -> None:
        """Raises RecipeError for a stage that the system cannot train."""

    def losses(self, model: Any, batch: Any, stage: StageTask) -> dict[str, Tensor]:
        """Losses of a batch, "loss" the one to minimise."""

    def precompute(self, model: Any, batch: Any, stage: StageTask) -> Precomputed:
        """Outputs of the frozen parts for a batch, for a stage's `precompute`."""


def named(kind: str) -> SystemTraining:
    """The training of a recipe's `model.system`.

    Raises RecipeError for a system that is not registered or cannot be trained.
    """
    try:
        entry = system(kind)
    except ModelError as error:
        raise RecipeError(str(error)) from None
    return cast(SystemTraining, entry.training_module())


def of(model: nn.Module) -> SystemTraining:
    """The training of a model's system. Raises RecipeError for a system that cannot be trained."""
    module = getattr(model, "training_module", None)
    if module is None:
        raise RecipeError(f"{type(model).__name__} is no system that can be trained.")
    return cast(SystemTraining, module())
