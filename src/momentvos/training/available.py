"""Checks of what a recipe needs on this machine, before PyTorch is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.errors import DataError, ModelError, RecipeError
from momentvos.grounding.available import weights
from momentvos.grounding.part import Part
from momentvos.reachable import check_hub, is_cached, is_path
from momentvos.systems.options import ModelOptions, PartOptions
from momentvos.systems.pretrained import check_available, locate
from momentvos.systems.registry import check_known
from momentvos.training.options import Recipe, StageOptions


def check(recipe: Recipe) -> None:
    """Raise RecipeError, ModelError or DataError for a model or data that cannot be had."""
    check_model(recipe.model)
    if len({stage.name for stage in recipe.stages}) < len(recipe.stages):
        raise RecipeError("Two stages have the same name.")
    for stage in recipe.stages:
        for part, key in parts(stage):
            check_data(part, key)
        if stage.teacher is not None:
            check_available(stage.teacher)
        if stage.grounder is not None:
            weights(Part("dual", stage.grounder))
    for name, source in recipe.model.weights.items():
        check_weights(name, source)


def check_model(options: ModelOptions) -> None:
    """Raise RecipeError unless there is one origin of the model, ModelError where it is away."""
    if (options.preset is None) == (options.path is None):
        raise RecipeError("The recipe's model needs either `preset` or `path`.")
    if options.path is None:
        try:
            check_known(options.system)
        except ModelError as error:
            raise RecipeError(str(error)) from None
        if options.size is not None:
            raise RecipeError("The recipe's `model.size` is for a model from `path`.")
        return
    for name, source in options.weights.items():
        check_weights(name, source)
    check_available(options.path)


def check_weights(name: str, source: str) -> None:
    """Raise ModelError where a source of `model.weights` is neither here nor within reach."""
    if Path(source).exists() or _is_ours(source):
        return
    if is_path(source):
        raise ModelError(
            f"There is no '{source}' for the recipe's `model.weights.{name}`: give a folder, or "
            "an id on the Hugging Face hub (owner/name)."
        )
    if not is_cached(source):
        check_hub(
            source,
            f"The recipe's `model.weights.{name}` names '{source}', which is not on this machine "
            "and cannot be fetched: connect to the internet once, or give a folder.",
        )


def _is_ours(source: str) -> bool:
    """Whether it names a bundled or pulled model."""
    try:
        return isinstance(locate(source), Path)
    except ModelError:
        return False


def parts(stage: StageOptions) -> Iterator[tuple[PartOptions, str]]:
    """A stage's one source of data, or those of its mixture, each with its key of the folder."""
    if not stage.mixture:
        alone = PartOptions(
            stage.name, data=stage.data, clip=stage.clip, conversation=stage.conversation
        )
        yield alone, f"stages.{stage.name}.data.root"
    for part in stage.mixture:
        yield part, f"stages.{stage.name}.mixture.{part.name}.data.root"


def check_data(part: PartOptions, key: str) -> None:
    """Raise RecipeError where the folder of a data set is not given, DataError where it is away."""
    root = part.data.root
    if part.data.source == "world":
        return
    if root is None:
        raise RecipeError(f"'{part.name}' needs the folder of the data set: --set {key}=FOLDER.")
    if part.data.source == "chat":
        if part.conversation is None:
            raise RecipeError(
                f"'{part.name}': chat makes conversations; it needs a `conversation`."
            )
        if not Path(root).exists():
            raise DataError(f"There is no '{root}', the data of '{part.name}': --set {key}=FILE.")
        return
    from momentvos.data.formats import dataset

    dataset(part.data.source).check(Path(root), part.data.split)
