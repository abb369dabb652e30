"""What all systems share that can have a judge: the objectives "outlines" and "lanes"."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.errors import RecipeError
from momentvos.selection import Lanes, Tracks, of_lanes, outlines
from momentvos.selection.geometry import GEOMETRY, mask_geometry
from momentvos.text import nouns
from momentvos.training.keep import Kept
from momentvos.training.losses import LossOptions, actors, judgement

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.training.options import StageOptions

OBJECTIVES = ("outlines", "lanes")
SIDES = re.compile("left|right", re.IGNORECASE)
"""What a sentence says that is not true in a mirror."""
FOLLOWED = 2
"""Sentences, about different things, for which lanes are made."""


def check(stage: StageOptions) -> None:
    """Raises RecipeError where "lanes" are asked for beside others, or of several videos."""
    if any(part.objective == "lanes" for part in stage.mixture):
        raise RecipeError(f"The stage '{stage.name}': \"lanes\" is a stage of its own.")
    if stage.objective == "lanes" and stage.data.videos != 1:
        raise RecipeError(f"The stage '{stage.name}': \"lanes\" needs `data.videos: 1`.")


def terms(model: Any, batch: ClipBatch | Kept, stage: StageOptions) -> dict[str, Tensor]:
    """Losses of a stage that is the judge's alone. Raises RecipeError for a model without one."""
    if stage.objective == "lanes":
        return learned(model, batch, stage.losses)
    assert not isinstance(batch, Kept)
    return judged(model, batch, stage.losses)


def judged(model: Any, batch: ClipBatch, options: LossOptions) -> dict[str, Tensor]:
    """What a judge learns of outlines. Raises RecipeError for a model without one."""
    _judge(model, "outlines")
    logits, asked = outlines(model, batch, options.alike, options.unlike)
    does, seen = actors(batch, logits.shape[1])
    return judgement(logits, does, seen & asked[..., None], options)


@torch.no_grad()
def digest(model: Any, batch: ClipBatch) -> Kept:
    """Things as the model follows them in a clip, for some of the sentences about it; the truth.

    Raises RecipeError for a model without a judge.
    """
    _judge(model, "lanes")
    things = batch.object_masks()
    does, seen = actors(batch, things.shape[1])
    text, mask = model.encode_words(batch.sentences)
    lanes = Lanes(
        _followed(model, batch),
        mask_geometry(things)[0].float(),
        does & seen,
        batch.noun_matches(),
        text.float(),
        mask,
        torch.tensor([SIDES.search(one) is not None for one in batch.sentences]).to(mask.device),
    )
    return Kept({field.name: getattr(lanes, field.name) for field in fields(Lanes)})


def learned(model: Any, batch: ClipBatch | Kept, options: LossOptions) -> dict[str, Tensor]:
    """What a judge learns of lanes. Raises RecipeError for a model without one."""
    kept = batch if isinstance(batch, Kept) else digest(model, batch)
    judge, lanes = _judge(model, "lanes"), Lanes(**kept.tensors)
    drawn = (options.alike, options.unlike)
    logits, does, seen = of_lanes(judge, lanes, _most(model), *drawn)
    return judgement(logits, does, seen, options)


def _judge(model: Any, objective: str) -> Any:
    judge = getattr(model, "judge", None)
    if judge is None:
        raise RecipeError(f'The objective "{objective}" is for a model with `judge`.')
    return judge


def _most(model: Any) -> int:
    return max(int(model.config.consensus), 1)


def _followed(model: Any, batch: ClipBatch) -> Tensor:
    """Outlines [P, T, GEOMETRY] of all that is followed for the first sentences about a clip."""
    from momentvos.media.arrays import ArrayVideo

    length = batch.frames.shape[1]
    found: list[Tensor] = []

    def told(_: Any, given: tuple[Tracks]) -> None:
        (where,) = given[0].where
        if where.shape[1] == length:
            found.extend(where[(where[..., 3] > 0).any(1)].float())

    frames = batch.frames[0].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    video = ArrayVideo(frames, model.config.judge_rate)
    first = {nouns(sentence).subject: sentence for sentence in reversed(batch.sentences)}
    asked = [one for one in batch.sentences if first[nouns(one).subject] == one][:FOLLOWED]
    hook = model.selector.register_forward_pre_hook(told)
    try:
        model.segment(video, asked)
    finally:
        hook.remove()
    return torch.stack(found) if found else torch.zeros(0, length, GEOMETRY, device=model.device)
