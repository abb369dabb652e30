"""The entries of an ablation: its rows with its seeds, and checks of what they need."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from momentvos.data.formats import dataset
from momentvos.errors import RecipeError
from momentvos.evaluation.benchmarks import benchmark
from momentvos.evaluation.manifest import weights
from momentvos.grounding.spec import parse
from momentvos.json_text import to_text
from momentvos.paths import inside
from momentvos.systems.pretrained import check_available, check_grounder
from momentvos.training.ablation import Ablation, EvaluationOptions, RowOptions
from momentvos.training.available import check as check_recipe
from momentvos.training.options import Recipe
from momentvos.training.recipe import load


@dataclass(frozen=True)
class Work:
    """Work on an entry; `folder` holds its answers and metrics, `run` what its recipe trains.

    Rows that differ in their evaluation alone share one run.
    """

    row: RowOptions
    seed: int | None
    recipe: Recipe | None
    folder: Path
    run: Path | None

    @property
    def model(self) -> str:
        """Name or folder of what is scored; of a run, there once it has ended."""
        if self.run is not None:
            return str(self.run / "last")
        assert self.row.model is not None
        return self.row.model


def works(ablation: Ablation, path: Path, out: Path) -> list[Work]:
    """Every row with every seed, in order; rows with a `model` once.

    path: the ablation's file, beside which its recipe is looked for. A folder's name holds a hash
    of all that its metrics depend on, so that a changed table never shows old ones.
    """
    made = []
    for row in ablation.rows:
        for seed in ablation.seeds if row.model is None else (None,):
            how, recipe, run, trained = ablation.evaluation, None, None, None
            if row.model is None:
                recipe = _recipe(ablation, row, seed, path)
                trained = _hash(recipe.to_json(), _started(recipe))
                run = inside(out, f"trained-{seed}-{trained}")
            mark = _hash(asdict(row), seed, trained, asdict(how), _asked(row, how))
            slug = re.sub(r"[^a-z0-9]+", "-", row.name.lower()).strip("-")[:80] or "row"
            made.append(Work(row, seed, recipe, inside(out, f"{slug}-{seed or 0}-{mark}"), run))
    return made


def _hash(*content: Any) -> str:
    return hashlib.sha256(to_text(content, sort_keys=True).encode()).hexdigest()[:8]


def _started(recipe: Recipe) -> list[str]:
    """Digests of the weights that a recipe starts from or learns from."""
    names = [recipe.model.path, *recipe.model.weights.values()]
    names += [name for stage in recipe.stages for name in (stage.teacher, stage.grounder)]
    return [weights(name) for name in names if name is not None]


def _asked(row: RowOptions, how: EvaluationOptions) -> list[str]:
    """Digests of the weights that a row has already, and of its grounders'."""
    names = [row.model, *(part.source for part in parse(row.grounder or how.grounder))]
    return [weights(name) for name in names if name is not None]


def _recipe(ablation: Ablation, row: RowOptions, seed: int | None, path: Path) -> Recipe:
    assert ablation.recipe is not None
    changes = {**row.set, "seed": seed}
    overrides = [f"{key}={to_text(value)}" for key, value in changes.items()]
    recipe = load(path.parent / ablation.recipe, overrides)
    root = ablation.evaluation.root
    stages = tuple(
        stage
        if stage.data.source == "world"
        else replace(stage, data=replace(stage.data, root=root))
        for stage in recipe.stages
    )
    return replace(recipe, stages=stages)


def check(ablation: Ablation, planned: Sequence[Work]) -> None:
    """Raise RecipeError, ModelError or DataError for what an entry cannot have, before PyTorch."""
    how = ablation.evaluation
    if not how.made:
        if how.root is None:
            raise RecipeError(f"The evaluation on '{how.benchmark}' needs its folder: `root`.")
        dataset(benchmark(how.benchmark).name).check(Path(how.root), how.split)
    for work in planned:
        check_grounder(parse(work.row.grounder or how.grounder))
        if work.recipe is not None:
            check_recipe(work.recipe)
        elif work.row.model is not None:
            check_available(work.row.model)
