"""Rows of an ablation: train each, score it, store its metrics."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError, RecipeError
from momentvos.guard import guarded
from momentvos.json_text import from_text, to_text
from momentvos.paths import inside
from momentvos.regular_file import read_text
from momentvos.systems.pretrained import load_pretrained
from momentvos.training import build
from momentvos.training.ablation import Ablation, EvaluationOptions, RowOptions
from momentvos.training.loop import train
from momentvos.training.options import Recipe
from momentvos.training.progress import Report

if TYPE_CHECKING:
    from torch import nn

METRICS = "metrics.json"


@dataclass(frozen=True)
class Entry:
    """One row with one seed (None: nothing was trained). metrics: 0..1, None where undefined."""

    row: str
    seed: int | None
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Work:
    """Work on an entry; `folder` holds the run and, once scored, its metrics."""

    row: RowOptions
    seed: int | None
    recipe: Recipe | None
    folder: Path


def works(ablation: Ablation, path: Path, out: Path) -> list[Work]:
    """Every row with every seed, in order; rows with a `model` once.

    path: the ablation's file, beside which its recipe is looked for. A folder's name holds a hash
    of all that its metrics depend on, so that a changed table never shows old ones.
    """
    made = []
    for row in ablation.rows:
        for seed in ablation.seeds if row.model is None else (None,):
            recipe = None
            if row.model is None:
                recipe = _recipe(ablation, row, seed, path)
            depends = [asdict(row), seed, recipe and recipe.to_json(), asdict(ablation.evaluation)]
            mark = hashlib.sha256(to_text(depends, sort_keys=True).encode()).hexdigest()[:8]
            slug = re.sub(r"[^a-z0-9]+", "-", row.name.lower()).strip("-")[:80] or "row"
            made.append(Work(row, seed, recipe, inside(out, f"{slug}-{seed or 0}-{mark}")))
    return made


def _recipe(ablation: Ablation, row: RowOptions, seed: int | None, path: Path) -> Recipe:
    from momentvos.training.recipe import load

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


def entries(
    ablation: Ablation,
    path: Path,
    out: Path,
    report: Callable[[Work], Report | None] = lambda work: None,
) -> Iterator[Entry]:
    """Train and score what has no metrics yet; everything may be interrupted and run again.

    report: gives a training's progress report. Raises KeyboardInterrupt where a signal stopped the
    training, after its checkpoint.
    """
    for work in works(ablation, path, out):
        scored = work.folder / METRICS
        if scored.is_file():
            metrics = _scored(scored)
        else:
            model = work.row.model or _trained(work, report(work))
            metrics = _score(model, work, ablation.evaluation)
        yield Entry(work.row.name, work.seed, metrics)


def _scored(path: Path) -> dict[str, float | None]:
    """Metrics as an earlier call stored them. Raises OutputError for another file."""
    with guarded(OutputError, f"The metrics {path} cannot be read; remove them to score again"):
        known = from_text(read_text(path))
        return {str(name): None if one is None else float(one) for name, one in known.items()}


def _trained(work: Work, report: Report | None) -> str:
    assert work.recipe is not None
    sources = build.sources(work.recipe)
    model = build.model(work.recipe.model, work.recipe.seed)
    result = train(work.recipe, model, work.folder, sources, report=report)
    if result.reason != "done":
        raise KeyboardInterrupt
    return str(work.folder / "last")


def _score(path: str, work: Work, how: EvaluationOptions) -> dict[str, float | None]:
    from momentvos.evaluation.report import save_json

    grounder = work.row.grounder or how.grounder
    scores = (_world if how.benchmark == "world" else _disk)(path, work, how, grounder)
    metrics = {name: scores.get(name) for name in how.metrics}
    if unknown := sorted(set(how.metrics) - scores.keys()):
        raise RecipeError(
            f"The evaluation has no metric '{unknown[0]}'; choose of {', '.join(sorted(scores))}."
        )
    work.folder.mkdir(parents=True, exist_ok=True)
    save_json(work.folder / METRICS, metrics)
    return metrics


def _model(path: str, work: Work) -> nn.Module:
    model = load_pretrained(path, "auto")
    for name in work.row.config:
        if not hasattr(model.config, name):
            raise RecipeError(f"Row '{work.row.name}': the model has no option '{name}'.")
    build.override(model.config, work.row.config)
    return model


def _world(path: str, work: Work, how: EvaluationOptions, grounder: str) -> dict[str, Any]:
    from momentvos.evaluation.world import evaluate_world

    model = _model(path, work)
    score = evaluate_world(model, how.split, how.videos, how.seed, grounder, how.size)  # type: ignore[arg-type]
    return score.summary()


def _disk(path: str, work: Work, how: EvaluationOptions, grounder: str) -> dict[str, Any]:
    from momentvos.evaluation.benchmark import BenchmarkRun, Request

    if how.root is None:
        raise RecipeError(f"The evaluation on '{how.benchmark}' needs its folder: `root`.")
    run = BenchmarkRun(
        Request(how.benchmark, Path(how.root), path, work.folder / "eval", how.split, grounder)
    )
    run.answer(lambda: _model(path, work))
    return run.conclude().score.summary()


def table(ablation: Ablation, done: list[Entry]) -> str:
    """Markdown: per row the metrics in percent, mean and (from two seeds on) standard deviation."""
    names = ablation.evaluation.metrics
    lines = [["", *names, "seeds"], ["---", *["---:"] * (len(names) + 1)]]
    for row in ablation.rows:
        mine = [entry for entry in done if entry.row == row.name]
        cells = [_cell([entry.metrics[name] for entry in mine]) for name in names]
        lines.append([row.name, *cells, str(len(mine))])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(metrics: list[float | None]) -> str:
    values = [100 * metric for metric in metrics if metric is not None]
    if not values:
        return "-"
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{fmean(values):.1f}{spread}"
