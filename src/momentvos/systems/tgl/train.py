"""TGL's side of the training contract; see `momentvos.systems.training`."""

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
from momentvos.systems.patches import train as patches
from momentvos.systems.patches.objective import precompute_patches
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.features import plain_features, shared_features
from momentvos.systems.tgl.losses import total
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.objective import segment_clip
from momentvos.systems.tgl.presets import tgl_config
from momentvos.systems.tgl.pretrain.alignment import patch_alignment, patch_similarity
from momentvos.systems.tgl.pretrain.borrow import around
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

__all__ = ["check", "extended", "from_preset", "init_part", "losses", "precompute", "resized"]

ALONE = ("relevance", *patches.OBJECTIVES)
"""Objectives of a stage of their own."""
PRECOMPUTED = ("relevance", "patches", selector.MODEL)
"""Objectives of which batches may be precomputed."""


def from_preset(options: ModelOptions) -> TglModel:
    """Preset "mini", "base" or "large", around the published encoders `sam` and `text` or without.

    Without them `motion` may name a dual encoder, from which the encoder of motion starts; or
    `tgl` a trained TGL that lends everything but the text prompt (`pretrain.borrow`).
    """
    overrides = overrides_of(options, TglConfig)
    if list(options.weights) == ["tgl"]:
        model = around(options.weights["tgl"], overrides)
        select(model.config, options.overrides)
        return model
    config = tgl_config(options.preset, **overrides)  # type: ignore[arg-type]
    select(config, options.overrides)
    given = sorted(options.weights)
    if given and given != ["motion"]:
        if given != ["sam", "text"]:
            raise RecipeError(
                "The recipe's `model.weights` needs `sam` and `text`, or `motion`, or `tgl`."
            )
        kept = ("window", "selection", "image_resizer")
        overrides = {name: getattr(config, name) for name in kept} | overrides
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
    """Raises RecipeError for conversations, `loss_weights`, and tracks in clips of one frame.

    Only "relevance", "patches" and "model_tracks", alone in their stage, are precomputed.
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
            f"The stage '{stage.name}' has `precompute`, which is for \"relevance\", "
            f'"patches" and "{selector.MODEL}" alone.'
        )
    if "visual" in stage.init:
        raise RecipeError(f"The stage '{stage.name}': TGL has no \"visual\" tower to `init`.")
    check_selector(stage)
    patches.check(stage)
    for task in stage.mixture or (stage,):
        if task.objective == "patch_prompt":
            raise RecipeError(
                f"'{task.name}': TGL trains the prompt of patches by the objective \"clip\"."
            )
        if task.objective == "relevance" and task is not stage:
            raise RecipeError(
                f"'{task.name}' has the objective \"relevance\", which trains one part alone; "
                "that is a stage of its own."
            )
        if task.objective == "tracks" and task.clip.frames < 2:
            raise RecipeError(f"'{task.name}' teaches tracks; its clip needs two `frames` or more.")


def precompute(model: TglModel, batch: ClipBatch, stage: StageTask) -> Precomputed:
    """Inputs of TAM or of the selector for a clip, and the truth.

    Raises RecipeError for a model without.
    """
    if stage.objective == selector.MODEL:
        return precompute_tracks(model, batch)
    if stage.objective == "patches":
        return precompute_patches(model, batch)
    if model.tam is None:
        raise RecipeError('The objective "relevance" is for a TGL with TAM.')
    inputs = clip_inputs(model, batch)
    tensors = {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    return Precomputed(tensors | {"moment": batch.moment})


def losses(model: TglModel, batch: ClipBatch | Precomputed, stage: StageTask) -> dict[str, Tensor]:
    """`total` of segmented clips, `patch_alignment` of the pretext tasks about words.

    Losses of a mixture carry the name of their part: "images/dice".
    """
    if stage.objective == "relevance" and not stage.mixture:
        return _relevance_losses(model, batch, stage)
    if (alone := patches.losses(model, batch, stage)) is not None:
        return alone
    if (alone := selector_losses(model, batch, stage)) is not None:
        return alone
    assert isinstance(batch, ClipBatch)
    task = task_of(stage, batch)
    options = task.losses or stage.losses
    if task.objective in selector.OBJECTIVES:
        values = selector.losses(model, batch, task.objective, options, collect_tracks)
    elif task.objective == "names" or task.objective == "motions":
        values = patch_alignment(patch_similarity(model, batch, task.objective), batch)
    else:
        forward = segment_clip if task.objective == "clip" else track_clip
        values = total(forward(model, batch), batch, options)
    if not stage.mixture:
        return values
    return {name if name == "loss" else f"{task.name}/{name}": one for name, one in values.items()}


def init_part(model: TglModel, part: str, batch: ClipBatch) -> None:
    """Initialise "adapters" or "memory" from a batch."""
    if part == "adapters":
        init_adapters(model, batch)
        return
    with torch.no_grad():
        shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
        start_memory(model.sam, plain_features(model, shared).top)


def _relevance_losses(
    model: TglModel, batch: ClipBatch | Precomputed, stage: StageTask
) -> dict[str, Tensor]:
    if not isinstance(batch, Precomputed):
        batch = precompute(model, batch, stage)
    inputs = TamInputs(**{field.name: batch.tensors[field.name] for field in fields(TamInputs)})
    options = stage.losses
    moment = batch.tensors["moment"]
    loss = relevance(inputs.scores(model), moment, options.rank, options.balanced)
    return {"loss": loss, "relevance": loss}


def _tokenizer(text: Any) -> Any:
    """A tokenizer for untrained encoders: MomentWorld's words, each as one token."""
    from momentvos.data.world import WORDS
    from momentvos.text import train_tokenizer

    return train_tokenizer(WORDS(), text.vocab_size, text.max_position_embeddings - 2)
