"""What all systems share that can have a judge: the objective "outlines"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from momentvos.errors import RecipeError
from momentvos.systems.judge import outlines
from momentvos.training.losses import LossOptions, judgement

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch


def judged(model: Any, batch: ClipBatch, options: LossOptions) -> dict[str, Tensor]:
    """What a judge learns of outlines. Raises RecipeError for a model without one."""
    if getattr(model, "judge", None) is None:
        raise RecipeError('The objective "outlines" is for a model with `judge`.')
    return judgement(*outlines(model, batch), batch, options)
