"""TGL's training: made from presets, learns from clips; see `momentvos.systems.training`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.grounding.dual.scorer import load as load_dual_encoder
from momentvos.sam2 import to_pixels
from momentvos.sam2.data_init import start_memory
from momentvos.selection import train as selector
from momentvos.systems.collect import collect_tracks
from momentvos.systems.losses import relevance
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.features import plain_features, shared_features
from momentvos.systems.tgl.losses import total
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.objective import segment_clip
from momentvos.systems.tgl.presets import tgl_config
from momentvos.systems.tgl.pretrain.alignment import patch_alignment, patch_similarity
from momentvos.systems.tgl.pretrain.init_adapters import init_adapters
from momentvos.systems.tgl.pretrain.init_weights import init_weights
from momentvos.systems.tgl.pretrain.resize import resized
from momentvos.systems.tgl.pretrain.tracks import track_clip
from momentvos.systems.tgl.tam_inputs import TamInputs, clip_inputs
from momentvos.systems.training import (
    check_selector,
    overrides_of,
    precompute_tracks,
    select,
    selector_losses,
    task_of,
)

__all__ = ["check", "from_preset", "init_part", "losses", "precompute", "resized"]

PRECOMPUTED = ("relevance", selector.MODEL)
"""Objectives of which batches may be precomputed."""


def from_preset(options: ModelOptions) -> TglModel:
    """Preset "mini", "base" or "large", around the published encoders `sam` and `text` or without.

    Without them `motion` may name a dual encoder, from which the encoder of motion starts.
    """
    overrides = overrides_of(options, TglConfig)
    config = tgl_config(options.preset, **overrides)  # type: ignore[arg-type]
    select(config, options.overrides)
    given = sorted(options.weights)
    if given and given != ["motion"]:
        if given != ["sam", "text"]:
            raise RecipeError("The recipe's `model.weights` needs `sam` and `text`, or `motion`.")
        overrides = {"window": config.window, "selection": config.selection} | overrides
        return TglModel.from_parts(options.weights["sam"], options.weights["text"], **overrides)
    model = TglModel(config)
    init_weights(model)
    if given:
        if model.motion is None:
            raise RecipeError("`model.weights` has `motion`, but `motion_dim` is 0.")
        model.motion.start_from(load_dual_encoder(options.weights["motion"], "cpu").model)
    model.tokenizer = _tokenizer(config.text_config)
    return model


def check(stage: StageTask) -> None:
    """Clips only: no conversations, no weights of losses of a model's own; tracks need two frames.

    Only "relevance" and "model_tracks", alone in their stage, are precomputed.
    """
    if stage.loss_weights:
        raise RecipeError(
            f"The stage '{stage.name}' has `loss_weights`, which TGL has not; use `losses`."
        )
    if stage.conversation is not None or any(
        part.conversation is not None for part in stage.mixture
    ):
        raise RecipeError(
            f"The stage '{stage.name}' has `conversation`, but TGL learns from clips."
        )
    if stage.precompute is not None and (stage.objective not in PRECOMPUTED or stage.mixture):
        raise RecipeError(
            f"The stage '{stage.name}' has `precompute`, which is for \"relevance\" and "
            f'"{selector.MODEL}" alone.'
        )
    if "visual" in stage.init:
        raise RecipeError(f"The stage '{stage.name}': TGL has no \"visual\" tower to `init`.")
    check_selector(stage)
    for asked in stage.mixture or (stage,):
        if asked.objective == "relevance" and asked is not stage:
            raise RecipeError(f"'{asked.name}' trains TAM alone; that is a stage of its own.")
        if asked.objective == "tracks" and asked.clip.frames < 2:
            raise RecipeError(
                f"'{asked.name}' teaches tracks; its clip needs two `frames` or more."
            )


def precompute(model: TglModel, batch: ClipBatch, stage: StageTask) -> Precomputed:
    """What TAM or the selector is given of a clip, and the truth.

    Raises RecipeError for a model without.
    """
    if stage.objective == selector.MODEL:
        return precompute_tracks(model, batch)
    if model.tam is None:
        raise RecipeError('The objective "relevance" is for a TGL with TAM.')
    inputs = clip_inputs(model, batch)
    known = {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    return Precomputed(known | {"moment": batch.moment})


def losses(model: TglModel, batch: ClipBatch | Precomputed, stage: StageTask) -> dict[str, Tensor]:
    """`total` of segmented clips, `patch_alignment` of the pretext tasks about words.

    Losses of a mixture bear the name of their part: "images/dice".
    """
    if stage.objective == "relevance" and not stage.mixture:
        return _relevance_losses(model, batch, stage)
    if (alone := selector_losses(model, batch, stage)) is not None:
        return alone
    assert isinstance(batch, ClipBatch)
    asked = task_of(stage, batch)
    options = asked.losses or stage.losses
    if asked.objective in selector.OBJECTIVES:
        found = selector.losses(model, batch, asked.objective, options, collect_tracks)
    elif asked.objective == "names" or asked.objective == "motions":
        found = patch_alignment(patch_similarity(model, batch, asked.objective), batch)
    else:
        follow = segment_clip if asked.objective == "clip" else track_clip
        found = total(follow(model, batch), batch, options)
    if not stage.mixture:
        return found
    return {name if name == "loss" else f"{asked.name}/{name}": one for name, one in found.items()}


def init_part(model: TglModel, part: str, batch: ClipBatch) -> None:
    """Fit the first weights of "adapters" or "memory" to a batch."""
    if part == "adapters":
        init_adapters(model, batch)
        return
    with torch.no_grad():
        shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
        start_memory(model.sam, plain_features(model, shared).top)


def _relevance_losses(
    model: TglModel, batch: ClipBatch | Precomputed, stage: StageTask
) -> dict[str, Tensor]:
    known = batch if isinstance(batch, Precomputed) else precompute(model, batch, stage)
    inputs = TamInputs(**{field.name: known.tensors[field.name] for field in fields(TamInputs)})
    options = stage.losses
    moment = known.tensors["moment"]
    loss = relevance(inputs.scores(model), moment, options.rank, options.balanced)
    return {"loss": loss, "relevance": loss}


def _tokenizer(text: Any) -> Any:
    """Untrained encoders learn MomentWorld's words, each as one token."""
    from momentvos.data.world import WORDS
    from momentvos.text import train_tokenizer

    return train_tokenizer(WORDS(), text.vocab_size, text.max_position_embeddings - 2)
