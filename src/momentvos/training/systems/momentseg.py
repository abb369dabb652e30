"""MomentSeg and Sa2VA: made small from scratch or around published weights."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.talk import Talks
from momentvos.systems.momentseg.config import SWITCHES
from momentvos.systems.momentseg.losses import Weights
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import talking

if TYPE_CHECKING:
    from momentvos.systems.momentseg.examples import Examples

__all__ = ["SWITCHES", "check", "fresh", "terms"]


def fresh(options: ModelOptions) -> nn.Module:
    """Preset "mini" from scratch (with `weights.sam`: on another small model's SAM2), or "base".

    "base" is built around `weights`, whose size it has. Raises ValueError for another preset.
    """
    from momentvos.systems.momentseg.config import MomentSegConfig
    from momentvos.systems.momentseg.model import MomentSegModel
    from momentvos.systems.momentseg.presets import momentseg_mini
    from momentvos.systems.momentseg.scratch import draw_weights

    overrides = talking.fields_of(options, MomentSegConfig)
    if options.preset == "base":
        return MomentSegModel.from_parts(**talking.parts_of(options), **overrides)
    if options.preset != "mini":
        raise ValueError(f"no preset {options.preset!r}: there are mini, base")
    tokenizer = talking.vocabulary(_texts())
    model = MomentSegModel(momentseg_mini(tokenizer, **overrides))
    model.use_tokenizer(tokenizer)
    draw_weights(model)
    if options.weights:
        talking.lend_sam(model, talking.parts_of(options, ("sam",))["sam"])
    return model


def check(stage: StageOptions) -> None:
    """The terms of `momentvos.systems.momentseg.losses.Weights`."""
    talking.check(stage, Weights, "MomentSeg")


def terms(model: nn.Module, batch: Any, stage: StageOptions) -> dict[str, Tensor]:
    """The model's own losses, of clips or conversations."""
    if isinstance(batch, Talks):
        batch = worded(batch)
    made: dict[str, Tensor] = model(batch, Weights(**stage.terms)).terms  # type: ignore[arg-type]
    return made


def worded(talks: Talks) -> Examples:
    """Conversations in the released wording, drawn by torch's random numbers."""
    from momentvos.systems.momentseg.examples import Examples, chatting, grounding, segmenting

    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows = []
    for talk in talks.rows:
        if talk.masks is not None and talk.images is not None:
            rows.append(segmenting(talk.sentences, talk.images, talk.masks, talk.film, rng))
        elif talk.moments is not None and talk.film is not None:
            rows.append(grounding(talk.sentences, talk.film, talk.moments, rng))
        else:
            rows.append(chatting(talk.turns, talk.film, talk.images))
    return Examples(tuple(rows))


def _texts() -> list[str]:
    from momentvos.systems.momentseg import templates as said

    questions = (*said.VIDEO_QUESTIONS, *said.IMAGE_QUESTIONS, *said.FIND_QUESTIONS)
    shown = (*said.FILM_PROMPTS, said.VIDEO_SHOWN, said.FIND_QUESTION, said.SEG_QUESTION)
    answers = (*said.SEG_ANSWERS, *said.FIND_ANSWERS, said.ABSENT, said.IMAGE_QUESTION)
    return [text.replace("{}", "") for text in (*questions, *shown, *answers)]
