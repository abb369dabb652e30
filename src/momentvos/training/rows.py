"""Rows of an ablation: train each, score it, and the table of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from momentvos.errors import RecipeError
from momentvos.systems.pretrained import load_pretrained
from momentvos.training import build
from momentvos.training.ablation import Ablation, EvaluationOptions
from momentvos.training.loop import train
from momentvos.training.progress import Report
from momentvos.training.works import Work, works

if TYPE_CHECKING:
    from momentvos.evaluation.run import Report as ScoringReport
    from momentvos.evaluation.scores import WorldScore
    from momentvos.systems.base import System


@dataclass(frozen=True)
class Entry:
    """One row with one seed (None: nothing was trained)."""

    row: str
    seed: int | None
    score: WorldScore


def entries(
    ablation: Ablation,
    path: Path,
    out: Path,
    training: Callable[[Work], AbstractContextManager[Report | None]] = lambda _: nullcontext(),
    scoring: Callable[[Work], AbstractContextManager[ScoringReport | None]] = (
        lambda _: nullcontext()
    ),
    device: str = "auto",
) -> Iterator[Entry]:
    """Train and score every row; everything may be interrupted and run again.

    training, scoring: entered where a row is trained, and where it is asked; each gives what its
    progress is told. device: of the models that are scored.
    Raises KeyboardInterrupt where a signal stopped the training, after its checkpoint;
    BenchmarkError for the first expression that fails.
    """
    for work in works(ablation, path, out):
        yield Entry(work.row.name, work.seed, _score(work, ablation, training, scoring, device))


def _train(work: Work, report: Report | None) -> None:
    assert work.recipe is not None and work.run is not None
    sources = build.sources(work.recipe)
    model = build.model(work.recipe.model, work.recipe.seed)
    result = train(work.recipe, model, work.run, sources, report=report)
    if result.reason != "done":
        raise KeyboardInterrupt


def _score(
    work: Work,
    ablation: Ablation,
    training: Callable[[Work], AbstractContextManager[Report | None]],
    scoring: Callable[[Work], AbstractContextManager[ScoringReport | None]],
    device: str,
) -> WorldScore:
    """Answers are kept one by one in the row's folder, so that none is asked for twice."""
    from momentvos.evaluation.benchmark import RESULTS, BenchmarkRun, Request
    from momentvos.evaluation.scenes import WorldSource

    how = ablation.evaluation
    scored = (work.folder / "eval" / RESULTS).is_file()
    if work.run is not None and not scored:
        with training(work) as report:
            _train(work, report)
    grounder = work.row.grounder or how.grounder
    request = Request(
        "momentworld" if how.made else how.benchmark,
        WorldSource(how.seed, how.size, how.world) if how.root is None else Path(how.root),
        work.model,
        work.folder / "eval",
        how.split,
        grounder,
        videos=how.videos if how.made else None,
        stop=True,
    )
    run = BenchmarkRun(request)
    if run.todo:
        with scoring(work) as told:
            run.answer(lambda: _model(work, how, device), told)
    return run.conclude().score


def _model(work: Work, how: EvaluationOptions, device: str) -> System:
    """The model with the options of the row, which count even where it is asked as published."""
    model = load_pretrained(work.model, device)
    selection = how.selection if work.row.selection is None else work.row.selection
    if not selection:
        model.config = model.config.published()
    for name in work.row.config:
        if name not in model.config.switches:
            raise RecipeError(
                f"Row '{work.row.name}': 'config' cannot change '{name}' of a trained model; it "
                f"may name {', '.join(sorted(model.config.switches))}."
            )
    build.override(model.config, work.row.config)
    return model


def table(ablation: Ablation, done: list[Entry]) -> str:
    """Markdown: per row the metrics in percent, mean and (from two seeds on) standard deviation.

    With a baseline also the difference of J&F to it, and the standard error over videos of that.
    """
    names, base = ablation.evaluation.metrics, ablation.baseline
    further = [] if base is None else [f"jf against {base}"]
    lines = [["", *names, *further, "seeds"]]
    lines.append(["---", *["---:"] * (len(lines[0]) - 1)])
    scores = {
        row.name: [entry.score for entry in done if entry.row == row.name] for row in ablation.rows
    }
    for row, mine in scores.items():
        cells = [_cell([getattr(score, name) for score in mine]) for name in names]
        if base is not None:
            cells.append("" if row == base else _gain(mine, scores[base]))
        lines.append([row, *cells, str(len(mine))])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(metrics: list[float | None]) -> str:
    values = [100 * metric for metric in metrics if metric is not None]
    if not values:
        return "-"
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{fmean(values):.1f}{spread}"


def _gain(mine: list[WorldScore], other: list[WorldScore]) -> str:
    from momentvos.evaluation.gain import gain

    made = gain(mine, other)
    if made is None:
        return "-"
    spread = "" if made.error is None else f" ± {100 * made.error:.1f}"
    return f"{100 * made.value:+.1f}{spread}"
