"""MomentSeg and Sa2VA: made small from scratch or around published weights."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from momentvos.systems.momentseg.config import SWITCHES
from momentvos.systems.momentseg.losses import Weights
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import talking

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
    made: dict[str, Tensor] = model(batch, Weights(**stage.terms)).terms  # type: ignore[arg-type]
    return made


def _texts() -> list[str]:
    from momentvos.systems.momentseg import templates as said

    questions = (*said.VIDEO_QUESTIONS, *said.IMAGE_QUESTIONS, *said.FIND_QUESTIONS)
    shown = (*said.FILM_PROMPTS, said.VIDEO_SHOWN, said.FIND_QUESTION, said.SEG_QUESTION)
    answers = (*said.SEG_ANSWERS, *said.FIND_ANSWERS, said.ABSENT, said.IMAGE_QUESTION)
    return [text.replace("{}", "") for text in (*questions, *shown, *answers)]
