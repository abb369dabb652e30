"""A table of an ablation: rows that train and evaluate one recipe in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from momentvos.data.options import STRICT, World
from momentvos.errors import RecipeError
from momentvos.evaluation.scores import MEANS
from momentvos.paths import check_plain
from momentvos.ranges import Range, Seed, Side

METRICS = (*MEANS, "jf_error")
"""What a table may show, 0..1: `jf_error` is the standard error of J&F over videos."""


@dataclass(frozen=True)
class RowOptions:
    """One row. Give `model` to evaluate something trained already, else the recipe is trained.

    name: what the table calls it. set: changes to the recipe, like {"model.overrides.memory":
    "all"}. config: options of the trained model that the evaluation changes (`switches` of its
    configuration). selection, grounder: instead of the table's.
    """

    name: str
    set: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    grounder: str | None = None
    selection: bool | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        """Raise ValueError for a name that cannot be a folder of the table's."""
        check_plain(self.name, "the row's name")


@dataclass(frozen=True)
class EvaluationOptions:
    """Evaluation of a trained row.

    benchmark: "world" (MomentWorld in memory) or a benchmark on disk under `root`. split, videos,
    seed, size, world (the version): of MomentWorld. grounder: of the table's. selection: False
    asks models as published, without their track selection. metrics: columns of the table, of
    `METRICS`.
    """

    benchmark: str = "world"
    root: str | None = None
    split: str = "val"
    videos: Annotated[int, Range(1, 100_000)] = 50
    seed: Seed = 0
    size: Side = 128
    world: World = "v1"
    grounder: str = "oracle"
    selection: bool = True
    metrics: tuple[str, ...] = ("jf", "j", "f")

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        """Raise ValueError for a metric there is not."""
        if unknown := sorted(set(self.metrics) - set(METRICS)):
            raise ValueError(
                f"there is no metric '{unknown[0]}'; choose of {', '.join(sorted(METRICS))}"
            )

    @property
    def made(self) -> bool:
        """Whether its videos are MomentWorld's, drawn when their turn comes."""
        return self.benchmark == "world"


@dataclass(frozen=True)
class Ablation:
    """title: over the table. recipe: what rows train, a path relative to the ablation's file.

    seeds: every row is trained once with each. baseline: name of the row that the others are
    compared with.
    """

    title: str
    rows: tuple[RowOptions, ...]
    recipe: str | None = None
    seeds: tuple[Seed, ...] = (0,)
    baseline: str | None = None
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


def load(path: Path, root: Path | None = None, overrides: Sequence[str] = ()) -> Ablation:
    """Read an ablation's YAML. Raises RecipeError naming the key and line of what is wrong.

    root: folder of the data set that is trained and scored on, where that is not MomentWorld.
    overrides: changes of the table itself, like `evaluation.videos=5`.
    """
    from momentvos.training.recipe import read

    made = read(path, Ablation, overrides)
    assert isinstance(made, Ablation)
    names = [row.name for row in made.rows]
    if len(set(names)) < len(names):
        raise RecipeError(f"The ablation {path} has two rows of the same name.")
    if made.baseline is not None and made.baseline not in names:
        raise RecipeError(f"The ablation {path} has no row '{made.baseline}' for its `baseline`.")
    if made.recipe is None and any(row.model is None for row in made.rows):
        raise RecipeError(f"The ablation {path} needs a `recipe`, or a `model` in every row.")
    for row in made.rows:
        if row.model is not None and row.set:
            raise RecipeError(
                f"The ablation {path}: row '{row.name}' has a `model`; drop its `set`."
            )
    if root is not None:
        made = replace(made, evaluation=replace(made.evaluation, root=str(root)))
    return made
