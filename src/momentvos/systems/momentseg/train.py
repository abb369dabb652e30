"""MomentSeg and Sa2VA: made small from scratch or around published weights."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.batch import ClipBatch
from momentvos.data.conversation import ConversationBatch
from momentvos.systems.momentseg.config import SWITCHES
from momentvos.systems.momentseg.losses import Weights
from momentvos.training.keep import Kept
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import judging, sight, talking

if TYPE_CHECKING:
    from momentvos.systems.momentseg.examples import Examples

__all__ = ["SWITCHES", "check", "digest", "fresh", "terms"]


def fresh(options: ModelOptions) -> nn.Module:
    """Preset "mini" from scratch, or from parts of other small models (`talking.start`); or "base".

    "base" is built around `weights`, whose size it has. Raises ValueError for another preset.
    """
    from momentvos.systems.momentseg.config import MomentSegConfig
    from momentvos.systems.momentseg.model import MomentSegModel
    from momentvos.systems.momentseg.presets import momentseg_mini
    from momentvos.systems.momentseg.scratch import draw_weights, spread_single_mask

    overrides = talking.fields_of(options, MomentSegConfig)
    if options.preset == "base":
        return MomentSegModel.from_parts(**talking.parts_of(options), **overrides)
    if options.preset != "mini":
        raise ValueError(f"no preset {options.preset!r}: there are mini, base")
    tokenizer = talking.vocabulary()
    model = MomentSegModel(momentseg_mini(tokenizer, **(talking.lent(options) | overrides)))
    model.use_tokenizer(tokenizer)
    draw_weights(model)
    talking.start(model, options)
    if "sam" in options.weights:
        spread_single_mask(model.sam.mask_decoder)
    return model


def check(stage: StageOptions) -> None:
    """The terms of `momentvos.systems.momentseg.losses.Weights`."""
    talking.check(stage, Weights, "MomentSeg")


def digest(model: nn.Module, batch: ClipBatch, stage: StageOptions) -> Kept:
    """What the judge sees of a clip, and the truth. Raises RecipeError for a model without."""
    return judging.digest(model, batch)


def terms(model: nn.Module, batch: Any, stage: StageOptions) -> dict[str, Tensor]:
    """The model's own losses, of clips or conversations; or what its judge learns."""
    if stage.objective in judging.OBJECTIVES:
        return judging.terms(model, batch, stage)
    asked = stage.mixture[batch.part] if stage.mixture and isinstance(batch, ClipBatch) else stage
    if asked.objective in sight.OBJECTIVES:
        return sight.terms(model, batch, asked.objective)
    if isinstance(batch, ConversationBatch):
        talks, batch = batch, worded(batch, stage.teacher)
        if stage.grounder is not None and len(talks.rows) == len(batch.rows):
            batch = watched(talks, batch, model, stage.grounder)
    made: dict[str, Tensor] = model(batch, Weights(**stage.terms)).terms  # type: ignore[arg-type]
    return made


def worded(talks: ConversationBatch, teacher: str | None = None) -> Examples:
    """Conversations in the released wording, drawn by torch's random numbers.

    teacher: the model that tells what sentences alone are to be heard as; half of them ask for
    [FIND] instead, twice in different words.
    """
    from momentvos.systems.momentseg.examples import (
        Examples,
        chatting,
        grounding,
        meaning,
        saying,
        segmenting,
    )

    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows = []
    for place, talk in enumerate(talks.rows):
        if talk.masks is not None and talk.images is not None:
            rows.append(segmenting(talk.sentences, talk.images, talk.masks, talk.context, rng))
        elif talk.moments is not None and talk.context is not None:
            said = (talk.sentences, talk.context, talk.moments)
            rows.append(grounding(*said, rng, talk.context_masks))
        elif talk.sentences and teacher is not None:
            if rng.random() < 0.5:
                rows.append(saying(talk.sentences, talking.taught(teacher)(talk.sentences), rng))
                continue
            numbers = torch.arange(len(talk.sentences)) + place * len(talk.sentences)
            rows += [meaning(said, numbers, rng) for said in (talk.sentences, talk.paraphrases)]
        else:
            rows.append(chatting(talk.turns, talk.context, talk.images))
    return Examples(tuple(rows))


def watched(talks: ConversationBatch, examples: Examples, model: Any, source: str) -> Examples:
    """The same with what a dual encoder sees and hears, where moments are asked for."""
    rows = []
    for talk, row in zip(talks.rows, examples.rows, strict=True):
        if row.film is not None and row.moments is not None:
            height, width = model.patching.fit(row.film.shape[1:3], model.config.budget("film"))
            grid = (height // model.patching.side, width // model.patching.side)
            told = talking.watched(source)(row.film, talk.sentences, grid, model.patching.temporal)
            row = replace(row, cells=told[0], said=told[1])
        rows.append(row)
    return replace(examples, rows=tuple(rows))
