"""VRS-HQ: made small from scratch or around published weights."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.batch import ClipBatch
from momentvos.data.conversation import ConversationBatch
from momentvos.errors import RecipeError
from momentvos.systems.vrshq.config import SWITCHES
from momentvos.systems.vrshq.losses import Weights
from momentvos.training.keep import Kept
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import judging, sight, talking

if TYPE_CHECKING:
    from momentvos.systems.vrshq.examples import Examples

__all__ = ["SWITCHES", "check", "digest", "fresh", "terms"]


def fresh(options: ModelOptions) -> nn.Module:
    """Preset "mini" from scratch, or from parts of other small models (`talking.start`); or "base".

    "base" is built around `weights`, whose size it has. Raises ValueError for another preset.
    """
    from momentvos.systems.vrshq.config import VrsHqConfig
    from momentvos.systems.vrshq.model import VrsHqModel
    from momentvos.systems.vrshq.presets import vrshq_mini
    from momentvos.systems.vrshq.scratch import draw_weights

    overrides = talking.fields_of(options, VrsHqConfig)
    if options.preset == "base":
        return VrsHqModel.from_parts(**talking.parts_of(options), **overrides)
    if options.preset != "mini":
        raise ValueError(f"no preset {options.preset!r}: there are mini, base")
    tokenizer = talking.vocabulary()
    model = VrsHqModel(vrshq_mini(tokenizer, **(talking.lent(options) | overrides)))
    model.use_tokenizer(tokenizer)
    draw_weights(model)
    talking.start(model, options)
    return model


def check(stage: StageOptions) -> None:
    """The terms of `momentvos.systems.vrshq.losses.Weights`; nobody is asked "when"."""
    talking.check(stage, Weights, "VRS-HQ")
    for talk in (stage.talk, *(part.talk for part in stage.mixture)):
        if talk is not None and talk.tasks.get("ground", 0) > 0:
            raise RecipeError(
                f"The stage '{stage.name}': VRS-HQ cannot learn the task \"ground\"; leave it out."
            )


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
        batch = worded(batch, stage.teacher)
    made: dict[str, Tensor] = model(batch, Weights(**stage.terms)).terms
    return made


def worded(talks: ConversationBatch, teacher: str | None = None) -> Examples:
    """Conversations in the released wording, drawn by torch's random numbers.

    A video is shown by its large frames; where there are none, by its film. teacher: the model
    that tells what sentences alone are to be heard as.
    """
    from momentvos.systems.vrshq.examples import Examples, chatting, saying, segmenting

    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows = []
    for talk in talks.rows:
        if talk.masks is not None and talk.images is not None:
            rows.append(segmenting(talk.sentences, talk.images, talk.masks, rng))
        elif talk.sentences and teacher is not None:
            heard = talking.taught(teacher)(talk.sentences)
            rows.append(saying(talk.sentences, heard, rng.choice((1, 1, 4, 8)), rng))
        else:
            rows.append(chatting(talk.turns, talk.context if talk.images is None else talk.images))
    return Examples(tuple(rows))
