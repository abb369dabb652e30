"""The systems that can be trained: how each is made afresh, and how it learns from a batch.

A system stands here with one line. Its module, imported when asked for, is a `System`.
"""

from __future__ import annotations

from collections.abc import Set
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from torch import Tensor, nn

from momentvos.errors import RecipeError

if TYPE_CHECKING:
    from momentvos.training.options import ModelOptions, StageOptions

MODULES = {
    "tgl": "momentvos.training.systems.tgl",
    "momentseg": "momentvos.training.systems.momentseg",
    "vrshq": "momentvos.training.systems.vrshq",
}


class System(Protocol):
    """What training must know of a system."""

    @property
    def SWITCHES(self) -> Set[str]:
        """Fields of the configuration that no weight depends on."""

    def fresh(self, options: ModelOptions) -> nn.Module:
        """A model as its preset has it. Raises RecipeError or ValueError."""

    def check(self, stage: StageOptions) -> None:
        """Raises RecipeError where a stage asks for what the system has not."""

    def terms(self, model: nn.Module, batch: Any, stage: StageOptions) -> dict[str, Tensor]:
        """Losses of a batch, "loss" the one to minimise. `model` may be wrapped."""


def named(name: str) -> System:
    """The system of a recipe's `model.system`. Raises RecipeError."""
    if name not in MODULES:
        raise RecipeError(f"There is no system '{name}'; choose one of {', '.join(MODULES)}.")
    return cast(System, import_module(MODULES[name]))


def of(model: nn.Module) -> System:
    """The system that a model is of, by its configuration; TGL for whatever learns from clips."""
    kind = str(getattr(getattr(model, "config", None), "model_type", ""))
    name = kind.removeprefix("momentvos_")
    return named(name if name in MODULES else "tgl")
