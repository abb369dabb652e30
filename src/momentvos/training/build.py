"""From a recipe's words to the things themselves: the model, the data, the validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from momentvos.errors import DataError, RecipeError
from momentvos.training import systems
from momentvos.training.loader import Source
from momentvos.training.options import ModelOptions, Recipe, StageOptions, ValidationOptions


def model(options: ModelOptions, seed: int = 0) -> nn.Module:
    """The model to train: a preset with random weights from `seed`, or one loaded from `path`.

    Raises RecipeError unless exactly one of the two is given, ModelError when loading fails.
    """
    if (options.preset is None) == (options.path is None):
        raise RecipeError("The recipe's model needs either `preset` or `path`.")
    torch.manual_seed(seed)
    if options.path is not None:
        if options.weights:
            raise RecipeError("A model loaded from `path` is complete; drop `weights`.")
        made = _loaded(options.path, options.overrides)
    else:
        try:
            made = systems.named(options.system).fresh(options)
        except ValueError as error:
            raise RecipeError(f"The recipe's model cannot be built: {error}.") from None
    if options.gradient_checkpointing:
        _checkpointing(made)
    return made


def _loaded(path: str, overrides: Mapping[str, Any]) -> nn.Module:
    """A model as it is saved, with other values of the options that no weight depends on."""
    from momentvos.hub import load

    model: nn.Module = load(path, device="cpu")
    switches = systems.of(model).SWITCHES
    if other := sorted(overrides.keys() - switches):
        raise RecipeError(
            f"A model loaded from `path` keeps its '{other[0]}'; `overrides` may only name "
            f"{', '.join(sorted(switches))}."
        )
    for name, value in overrides.items():
        setattr(model.config, name, value)
    return model


def _checkpointing(model: Any) -> None:
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise RecipeError(
            "This system cannot compute activations twice; drop the recipe's "
            "`model.gradient_checkpointing`."
        )
    model.gradient_checkpointing_enable({"use_reentrant": False})


def sources(recipe: Recipe) -> Callable[[StageOptions], Source]:
    """What makes each stage's data. Raises RecipeError or DataError when they are not there."""
    seeds = {stage.name: recipe.seed * 1000 + place for place, stage in enumerate(recipe.stages)}
    if len(seeds) < len(recipe.stages):
        raise RecipeError("Two stages have the same name.")
    return lambda stage: _source(stage, seeds[stage.name])


def _source(stage: StageOptions, seed: int) -> Source:
    data, clip = stage.data, stage.clip
    if data.source == "world":
        from momentvos.data.stream import WorldClips

        return WorldClips(data, clip, seed)
    if data.root is None:
        raise RecipeError(
            f"The stage '{stage.name}' needs the folder of the data set: "
            f"-o stages.{stage.name}.data.root=FOLDER."
        )
    from momentvos.data import formats
    from momentvos.data.folder import SampleClips

    samples = formats.open(data.source, data.root, data.split)
    if not all(sample.annotated for sample in samples):
        raise DataError(
            f"The split '{data.split}' in {data.root} carries no masks and cannot be trained on."
        )
    return SampleClips(samples, data, clip, seed)


def validator(options: ValidationOptions) -> Callable[[nn.Module], dict[str, float]]:
    """Scores a model on MomentWorld: J&F and the rest as 0..1, `oracle_jf` with true moments."""

    def validate(model: nn.Module) -> dict[str, float]:
        from momentvos.evaluation.world import evaluate_world

        def score(moments: Any) -> dict[str, Any]:
            return evaluate_world(
                model, options.split, options.videos, options.seed, moments, options.size
            ).summary()

        figures = {
            name: float(value) for name, value in score("model").items() if value is not None
        }
        if options.oracle and (oracle := score("oracle")["jf"]) is not None:
            figures["oracle_jf"] = float(oracle)
        return figures

    return validate
