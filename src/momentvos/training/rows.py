"""Rows of an ablation: train each, score it, store its metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError, RecipeError
from momentvos.guard import guarded
from momentvos.json_text import from_text
from momentvos.regular_file import read_text
from momentvos.systems.pretrained import load_pretrained
from momentvos.training import build
from momentvos.training.ablation import Ablation, EvaluationOptions
from momentvos.training.loop import train
from momentvos.training.progress import Report
from momentvos.training.works import Work, works

if TYPE_CHECKING:
    from torch import nn

METRICS = "metrics.json"


@dataclass(frozen=True)
class Entry:
    """One row with one seed (None: nothing was trained). metrics: 0..1, None where undefined."""

    row: str
    seed: int | None
    metrics: dict[str, float | None]


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
    score = evaluate_world(
        model,
        how.split,
        how.videos,
        how.seed,
        grounder,  # type: ignore[arg-type]
        how.size,
        world=how.world,
    )
    return score.summary()


def _disk(path: str, work: Work, how: EvaluationOptions, grounder: str) -> dict[str, Any]:
    from momentvos.evaluation.benchmark import BenchmarkRun, Request

    assert how.root is not None  # `works.check`
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
