"""Training of scores of patches: objectives that any system with `patch_dim` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.systems.patches.model import PatchModel
from momentvos.systems.patches.motion_names import motion_name_losses
from momentvos.systems.patches.objective import patch_losses, precompute_patches

if TYPE_CHECKING:
    from momentvos.systems.options import StageTask

OBJECTIVES = ("patches", "motion_names")
"""Objectives of a stage of their own; batches of the first may be precomputed."""


def check(stage: StageTask) -> None:
    """Raises RecipeError for a mixture, and for "patches" of several videos or with OSS."""
    for part in stage.mixture:
        if part.objective in OBJECTIVES:
            raise RecipeError(
                f"'{part.name}' has the objective \"{part.objective}\", which trains one part "
                "alone; that is a stage of its own."
            )
    if stage.objective == "patches" and (stage.data.videos != 1 or stage.clip.oss):
        raise RecipeError(
            f"The stage '{stage.name}': \"patches\" needs `data.videos: 1` and `clip.oss: false`."
        )


def losses(
    model: PatchModel, batch: ClipBatch | Precomputed, stage: StageTask
) -> dict[str, Tensor] | None:
    """Losses of a stage of `OBJECTIVES`; None: it is another's.

    Raises RecipeError for a model without the part.
    """
    if stage.mixture or stage.objective not in OBJECTIVES:
        return None
    if stage.objective == "patches":
        ready = batch if isinstance(batch, Precomputed) else precompute_patches(model, batch)
        return patch_losses(model, ready)
    assert isinstance(batch, ClipBatch)
    return motion_name_losses(model, batch)
