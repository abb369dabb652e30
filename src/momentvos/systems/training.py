"""Training shared by the systems: checks of a recipe, and the selector's objectives.

The training contract: a system's module `train` has

    from_preset(options: ModelOptions) -> System        ValueError, RecipeError: it cannot be made
    check(stage: StageTask) -> None                     RecipeError: the system cannot learn that
    losses(model, batch, stage) -> dict[str, Tensor]    "loss" is minimised, all are logged
    precompute(model, batch, stage) -> Precomputed      outputs of frozen parts for a batch

and may have

    init_part(model, part, batch) -> None               for a stage's `init`
    resized(model, size) -> System                      for a recipe's `model.size`
    extended(model, overrides, weights) -> System       for overrides of its configuration's `parts`

`model` is never wrapped: what wraps it for several processes calls `losses` itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.guard import guarded
from momentvos.selection import train as selector
from momentvos.selection.config import SelectionConfig
from momentvos.suggestion import did_you_mean
from momentvos.systems.collect import collect_tracks
from momentvos.systems.config import SystemConfig
from momentvos.systems.options import ModelOptions, PartOptions, StageTask


def overrides_of(options: ModelOptions, config: type[SystemConfig]) -> dict[str, Any]:
    """`model.overrides` but for `selection`, which is for `select`.

    Raises RecipeError for a field that the configuration lacks.
    """
    known = config.field_names() | config.renamed.keys()
    if unknown := sorted(options.overrides.keys() - known):
        raise RecipeError(
            f"The recipe's `model.overrides` has no field '{unknown[0]}'"
            f"{did_you_mean(unknown[0], known)}"
        )
    return {name: value for name, value in options.overrides.items() if name != "selection"}


def select(config: SystemConfig, overrides: Mapping[str, Any]) -> None:
    """Apply the `selection` of overrides: None, or options that differ from the configuration's."""
    if "selection" not in overrides:
        return
    changes = overrides["selection"]
    if changes is None:
        config.selection = None
        return
    if not isinstance(changes, Mapping):
        raise RecipeError("The recipe's `selection` must be options and their values, or null.")
    current = {} if config.selection is None else config.selection.to_dict()
    known = SelectionConfig().to_dict().keys()
    if unknown := sorted(changes.keys() - known):
        raise RecipeError(
            f"The recipe's `selection` has no field '{unknown[0]}'{did_you_mean(unknown[0], known)}"
        )
    with guarded(RecipeError, "The recipe's `selection` cannot be used"):
        config.selection = SelectionConfig(**(current | dict(changes)))


def task_of(stage: StageTask, batch: Any) -> StageTask | PartOptions:
    """Task of a batch: the part of the stage's mixture that it comes from, or the stage."""
    return stage.mixture[batch.part] if stage.mixture and isinstance(batch, ClipBatch) else stage


def check_selector(stage: StageTask) -> None:
    """Raises RecipeError where "model_tracks" is combined with others, or has several videos."""
    if any(part.objective == selector.MODEL for part in stage.mixture):
        raise RecipeError(f"The stage '{stage.name}': \"{selector.MODEL}\" is a stage of its own.")
    if stage.objective == selector.MODEL and stage.data.videos != 1:
        raise RecipeError(f"The stage '{stage.name}': \"{selector.MODEL}\" needs `data.videos: 1`.")


def selector_losses(
    model: Any, batch: ClipBatch | Precomputed, stage: StageTask
) -> dict[str, Tensor] | None:
    """Losses of a stage that is the selector's alone; None: it is another's.

    Raises RecipeError for a model without a selector.
    """
    if stage.mixture or stage.objective not in selector.OBJECTIVES:
        return None
    return selector.losses(model, batch, stage.objective, stage.losses, collect_tracks)


def precompute_tracks(model: Any, batch: ClipBatch) -> Precomputed:
    """The selector's inputs and the truth. Raises RecipeError for a model without a selector."""
    return selector.precompute(model, batch, collect_tracks)
