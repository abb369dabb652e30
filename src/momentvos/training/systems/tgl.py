"""TGL: made from presets, learns from clips."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature
from typing import Any

from torch import Tensor, nn

from momentvos.data.batch import ClipBatch
from momentvos.errors import RecipeError
from momentvos.systems.tgl.config import TglConfig as _Config
from momentvos.systems.tgl.views import Views
from momentvos.training import losses
from momentvos.training.keep import Kept
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import judging

SWITCHES = _Config.switches
__all__ = ["SWITCHES", "check", "digest", "fresh", "terms"]

KEPT = ("relevance", "lanes")
"""Objectives of which batches may be kept."""


def fresh(options: ModelOptions) -> nn.Module:
    """Preset "mini", "base" or "large", around the published encoders `sam` and `text` or without.

    Without them `motion` may name a dual encoder, from which the encoder of motion starts.
    """
    from momentvos.systems.tgl.config import TglConfig
    from momentvos.systems.tgl.model import TglModel
    from momentvos.systems.tgl.presets import tgl_config
    from momentvos.systems.tgl.scratch import draw_weights

    known = signature(TglConfig).parameters
    if unknown := sorted(options.overrides.keys() - known.keys()):
        raise RecipeError(f"The recipe's `model.overrides` has no field '{unknown[0]}'.")
    config = tgl_config(options.preset, **options.overrides)  # type: ignore[arg-type]
    given = sorted(options.weights)
    if given and given != ["motion"]:
        if given != ["sam", "text"]:
            raise RecipeError("The recipe's `model.weights` needs `sam` and `text`, or `motion`.")
        overrides = {"window": config.window} | options.overrides
        return TglModel.from_parts(options.weights["sam"], options.weights["text"], **overrides)
    model = TglModel(config)
    draw_weights(model)
    if given:
        if model.motion is None:
            raise RecipeError("`model.weights` has `motion`, but `motion_dim` is 0.")
        from momentvos.grounding.dual.scorer import load

        model.motion.start_from(load(options.weights["motion"], "cpu").model)
    model.tokenizer = _tokenizer(config.text_config)
    return model


def check(stage: StageOptions) -> None:
    """Clips only: no conversations, no weights of a model's own terms; tracks need two frames.

    Only "relevance", alone in its stage, keeps batches.
    """
    if stage.terms:
        raise RecipeError(f"The stage '{stage.name}' has `terms`, which TGL has not; use `losses`.")
    if stage.talk is not None or any(part.talk is not None for part in stage.mixture):
        raise RecipeError(f"The stage '{stage.name}' has `talk`, but TGL learns from clips.")
    if stage.keep is not None and (stage.objective not in KEPT or stage.mixture):
        raise RecipeError(
            f'The stage \'{stage.name}\' has `keep`, which is for "relevance" and "lanes" alone.'
        )
    if "visual" in stage.start:
        raise RecipeError(f"The stage '{stage.name}': TGL has no \"visual\" tower to `start`.")
    judging.check(stage)
    for asked in stage.mixture or (stage,):
        if asked.objective == "relevance" and asked is not stage:
            raise RecipeError(f"'{asked.name}' asks TAM alone; that is a stage of its own.")
        if asked.objective == "tracks" and asked.clip.frames < 2:
            raise RecipeError(
                f"'{asked.name}' teaches tracks; its clip needs two `frames` or more."
            )


def digest(model: nn.Module, batch: ClipBatch, stage: StageOptions) -> Kept:
    """What TAM or the judge sees of a clip, and the truth.

    Raises RecipeError for a model without.
    """
    from momentvos.systems.tgl.clip import view_clip
    from momentvos.systems.tgl.model import TglModel

    if stage.objective == "lanes":
        return judging.digest(model, batch)
    if not isinstance(model, TglModel) or model.tam is None:
        raise RecipeError('The objective "relevance" is for a TGL with TAM.')
    seen = view_clip(model, batch)
    known = {field.name: getattr(seen, field.name) for field in fields(seen)}
    return Kept(known | {"moment": batch.moment})


def terms(model: nn.Module, batch: ClipBatch | Kept, stage: StageOptions) -> dict[str, Tensor]:
    """`losses.total` of segmented clips, `losses.alignment` of lessons about words.

    Terms of a mixture bear the name of their part: "images/dice".
    """
    if stage.objective == "relevance" and not stage.mixture:
        kept = (batch if isinstance(batch, Kept) else digest(model, batch, stage)).tensors
        view = Views(**{field.name: kept[field.name] for field in fields(Views)})
        options = stage.losses
        loss = losses.relevance(
            model(view, "relevance"), kept["moment"], options.rank, options.balanced
        )
        return {"loss": loss, "relevance": loss}
    if stage.objective in judging.OBJECTIVES and not stage.mixture:
        return judging.terms(model, batch, stage)
    assert isinstance(batch, ClipBatch)
    asked = stage.mixture[batch.part] if stage.mixture else stage
    if asked.objective == "outlines":
        found = judging.judged(model, batch, asked.losses or stage.losses)
    elif asked.objective in ("names", "motions"):
        found = losses.alignment(model(batch, asked.objective), batch)
    else:
        output = model(batch) if asked.objective == "clip" else model(batch, asked.objective)
        found = losses.total(output, batch, asked.losses or stage.losses)
    if not stage.mixture:
        return found
    return {name if name == "loss" else f"{asked.name}/{name}": one for name, one in found.items()}


def _tokenizer(text: Any) -> Any:
    """Untrained encoders learn MomentWorld's words, each as one token."""
    from momentvos.data.world import WORDS
    from momentvos.text import train_tokenizer

    return train_tokenizer(WORDS(), text.vocab_size, text.max_position_embeddings - 2)
