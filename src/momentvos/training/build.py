"""Build the model, the data and the validation of a recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from momentvos.errors import ArgumentError, DataError, RecipeError
from momentvos.guard import guarded
from momentvos.systems.config import SystemConfig
from momentvos.systems.options import ModelOptions, PartOptions
from momentvos.systems.pretrained import load_pretrained
from momentvos.systems.training import select
from momentvos.training import contract
from momentvos.training.available import check_data, check_model, parts
from momentvos.training.loader import Source
from momentvos.training.mixture import Mixture
from momentvos.training.options import Recipe, StageOptions, ValidationOptions
from momentvos.training.order import order


def model(options: ModelOptions, seed: int = 0) -> nn.Module:
    """The model to train: a preset with random weights from `seed`, or one loaded from `path`.

    Raises RecipeError unless exactly one of the two is given, ModelError when loading fails.
    """
    check_model(options)
    torch.manual_seed(seed)
    if options.path is not None:
        made = _loaded(options.path, options.overrides, options.weights)
        if options.size is not None:
            made = _resized(made, options.size)
    else:
        with guarded(RecipeError, "The recipe's model cannot be built"):
            made = contract.named(options.system).from_preset(options)
    if options.gradient_checkpointing:
        _checkpointing(made)
    return made


def _loaded(path: str, overrides: Mapping[str, Any], weights: Mapping[str, str]) -> nn.Module:
    """A model as it is saved, with other parts and other values of what no weight depends on.

    weights: where new parts start from.
    """
    model = load_pretrained(path)
    model.domain_check = None  # of the weights as they were
    switches, parts = model.config.switches, model.config.parts
    if other := sorted(overrides.keys() - switches - parts):
        raise RecipeError(
            f"A model loaded from `path` keeps its '{other[0]}'; `overrides` may only name "
            f"{', '.join(sorted(switches | parts))}."
        )
    changed = {name: value for name, value in overrides.items() if name in parts}
    if weights and not changed:
        raise RecipeError("A model loaded from `path` is complete; drop `weights`.")
    if changed:
        model = _extended(model, changed, weights)
    override(model.config, {name: one for name, one in overrides.items() if name in switches})
    chosen = model.config.selection
    if chosen is None:
        model.selector = None  # it would be saved, and be unknown to whoever loads it
    elif chosen.selector != (model.selector is not None):
        raise RecipeError("A model loaded from `path` keeps its `selection.selector`.")
    return model


def _extended(model: Any, parts: Mapping[str, Any], weights: Mapping[str, str]) -> Any:
    try:
        return contract.of(model).extended(model, parts, weights)  # type: ignore[attr-defined]
    except ValueError as error:
        raise RecipeError(f"The recipe's `model.overrides` do not fit: {error}.") from None


def override(config: SystemConfig, values: Mapping[str, Any]) -> None:
    """Set options of a loaded model's configuration, `selection` as `select` does.

    Raises RecipeError for a value of another type or out of its bounds.
    """
    with guarded(RecipeError, "A model's configuration cannot be changed so"):
        for name, value in values.items():
            if name != "selection":
                setattr(config, name, value)
        select(config, values)
        config.check()


def _resized(model: nn.Module, size: int) -> nn.Module:
    resized = getattr(contract.of(model), "resized", None)
    if resized is None:
        raise RecipeError("This system cannot go on with another size; drop `model.size`.")
    fault = "The recipe's `model.size` does not fit"
    with guarded(RecipeError, fault):
        try:
            made: nn.Module = resized(model, size)
        except ArgumentError as error:
            raise RecipeError(f"{fault}: {error}") from error
        return made


def _checkpointing(model: Any) -> None:
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise RecipeError(
            "This system cannot compute activations twice; drop the recipe's "
            "`model.gradient_checkpointing`."
        )
    names = ("activation_checkpointing_enable", "gradient_checkpointing_enable")  # the second: 5.17
    switch = next(name for name in names if hasattr(model, name))
    getattr(model, switch)({"use_reentrant": False})


def sources(recipe: Recipe) -> Callable[[StageOptions], Source]:
    """Factory of each stage's data. Raises RecipeError or DataError when they are not there."""
    seeds = {stage.name: recipe.seed * 1000 + place for place, stage in enumerate(recipe.stages)}
    if len(seeds) < len(recipe.stages):
        raise RecipeError("Two stages have the same name.")

    def make(stage: StageOptions) -> Source:
        with guarded(RecipeError, f"The data of the stage '{stage.name}' cannot be used"):
            return _sources(stage, seeds[stage.name])

    return make


def _sources(stage: StageOptions, seed: int) -> Source:
    """A stage's one source, or its mixture."""
    for task in stage.mixture or (stage,):
        if task.data.objects and (task.objective, task.data.source) != ("tracks", "world"):
            raise RecipeError(
                f"'{task.name}' has `data.objects`, objects of MomentWorld without a sentence; "
                'only the objective "tracks" can do with them.'
            )
    if len({part.name for part in stage.mixture}) < len(stage.mixture):
        raise RecipeError(f"Two parts of the mixture of '{stage.name}' have the same name.")
    if not stage.mixture:
        ((alone, key),) = parts(stage)
        return _source(alone, seed, key)
    made = [
        _source(part, 100_000 * (place + 1) + seed, key)
        for place, (part, key) in enumerate(parts(stage))
    ]
    processes = int(os.environ.get("WORLD_SIZE", 1))
    together = order(stage, 0, processes).beside if stage.together else 1
    return Mixture(made, [part.repeat for part in stage.mixture], seed, together)


def _source(part: PartOptions, seed: int, key: str) -> Source:
    data, options = part.data, part.conversation
    if data.source == "world":
        from momentvos.data.conversations import WorldConversations
        from momentvos.data.stream import WorldClips

        return (
            WorldClips(data, part.clip, seed)
            if options is None
            else WorldConversations(data, options, seed)
        )
    check_data(part, key)
    assert data.root is not None
    from momentvos.data import chat, formats
    from momentvos.data.conversations import DatasetConversations, videos
    from momentvos.data.folder import SampleClips

    if data.source == "chat":
        assert options is not None
        media = None if data.media is None else Path(data.media)
        return DatasetConversations(chat.read(Path(data.root), media), data, options, seed)
    samples = formats.open(data.source, data.root, data.split)
    if options is not None:
        return DatasetConversations(videos(samples, data), data, options, seed)
    if not all(sample.annotated for sample in samples):
        raise DataError(
            f"The split '{data.split}' in {data.root} carries no masks and cannot be trained on."
        )
    return SampleClips(samples, data, part.clip, seed)


def validator(options: ValidationOptions) -> Callable[[nn.Module], dict[str, float]]:
    """Scores a model on MomentWorld: J&F and the rest as 0..1, `oracle_jf` with true moments."""

    def validate(model: nn.Module) -> dict[str, float]:
        from momentvos.evaluation.world import evaluate_world

        def score(moments: Any) -> dict[str, Any]:
            return evaluate_world(
                model,
                options.split,
                options.videos,
                options.seed,
                moments,
                options.size,
                world=options.world,
            ).summary()

        metrics = {
            name: float(value) for name, value in score("model").items() if value is not None
        }
        if options.oracle and (oracle := score("oracle")["jf"]) is not None:
            metrics["oracle_jf"] = float(oracle)
        return metrics

    return validate
