"""The bundled models on the joint benchmark of moments and masks (docs/joint-benchmark.md).

python benchmarks/joint.py --videos 20 --json docs/joint-leaderboard.json
python benchmarks/joint.py my-org/my-model --videos 20

Every model answers all sentences of the same videos of MomentWorld v2, by the same run as
`momentvos eval world`; what is answered is kept in --out, and the same command goes on. Four rules
stand beside the models: they know the truth in part and show what a figure is worth. With --json
the rows are written into that file; rows of other systems there are kept.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import momentvos
from momentvos.evaluation.benchmark import BenchmarkRun, Request
from momentvos.evaluation.joint import QUALITY
from momentvos.evaluation.protocols import protocol_metrics
from momentvos.evaluation.scenes import SceneSample, WorldSource
from momentvos.evaluation.score import score
from momentvos.evaluation.scores import ExpressionScore, standard_error
from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.results.text_file import save_json

PROTOCOL, WORLD, SPLIT = "moments-and-masks", "v2", "test"
COLUMNS = ("M&M", "quality", "J&F in M+", "false in M-", "tIoU", "T-acc", "N-acc")


@dataclass(frozen=True)
class Guess:
    """The answer of a rule."""

    masklet: Masklet
    moment: Moment
    relevance: tuple[float, ...] = ()
    presence: float | None = None

    @property
    def found(self) -> bool:
        return bool(self.moment)


@dataclass
class Row:
    """A system's scores, sentence by sentence, and how many failed."""

    name: str
    rule: bool
    rows: list[ExpressionScore] = field(default_factory=list)
    lost: list[ExpressionScore] = field(default_factory=list)

    @property
    def metrics(self) -> dict[str, float | None]:
        return protocol_metrics(PROTOCOL, self.rows, self.lost)

    @property
    def error(self) -> float | None:
        """Standard error of M&M over videos."""
        return standard_error([(row.video, earned(row)) for row in (*self.rows, *self.lost)])


def earned(row: ExpressionScore) -> float:
    return row.extra.get(QUALITY, 0.0) if row.target else float(not row.found)


def refuse(sample: SceneSample) -> Guess:
    return Guess(Masklet(sample.size), Moment.empty())


def of_category(sample: SceneSample) -> Guess:
    """All objects of the named category, in every frame."""
    actors = enumerate(sample.scene.objects)
    labels = [number + 1 for number, one in actors if one.category == sample.category]
    moment = Moment.all(sample.length) if labels else Moment.empty()
    return Guess(drawn(sample, labels), moment)


def always(sample: SceneSample) -> Guess:
    """The true masks, claimed in every frame."""
    moment = Moment.all(sample.length) if sample.targets else Moment.empty()
    return Guess(drawn(sample, truth(sample)), moment)


def category_in_time(sample: SceneSample) -> Guess:
    """All objects of the named category, in the true moment."""
    return Guess(of_category(sample).masklet, sample.moment)


RULES: dict[str, Callable[[SceneSample], Guess]] = {
    "rule: nothing, ever": refuse,
    "rule: the named category, always": of_category,
    "rule: the named category, in the true moment": category_in_time,
    "rule: the true masks, always": always,
}


def truth(sample: SceneSample) -> list[int]:
    return [number + 1 for number, _ in sample.expression.targets]


def drawn(sample: SceneSample, labels: Sequence[int]) -> Masklet:
    masklet = Masklet(sample.size)
    for frame, ids in enumerate(sample.drawing.ids):
        masklet.set(frame, np.isin(ids, labels))
    return masklet


def by_rules(options: argparse.Namespace) -> Iterator[Row]:
    made = {name: Row(name, True) for name in RULES}
    source = WorldSource(options.seed, options.size, WORLD)
    for group in source.videos(SPLIT, options.videos):
        group[0].video()
        for sample in group:
            for name, rule in RULES.items():
                made[name].rows.append(score(sample, rule(sample)))
    yield from made.values()


def by_models(options: argparse.Namespace) -> Iterator[Row]:
    """A video at a time for all models, so that what is stopped early has all of them."""
    made = {name: Row(name, False) for name in options.models}
    for number in range(options.seed, options.seed + options.videos):
        for name, row in made.items():
            request = Request(
                "momentworld",
                WorldSource(number, options.size, WORLD),
                name,
                options.out / name.replace("/", "-") / str(number),
                split=SPLIT,
                videos=1,
                device=options.device,
            )
            job = BenchmarkRun(request)
            job.answer(lambda name=name: load(name, options.device))
            outcome = job.outcome()
            row.rows += outcome.rows.values()
            row.lost += outcome.measurements.unanswered()
            print(f"{name}: {number - options.seed + 1} of {options.videos} videos",
                  file=sys.stderr, flush=True)  # fmt: skip
    yield from made.values()


@cache
def load(name: str, device: str) -> Any:
    return momentvos.load(name, device=device)


def table(rows: Sequence[Row]) -> str:
    lines = [["", *COLUMNS, "± M&M", "scored"], ["---", *["---:"] * (len(COLUMNS) + 2)]]
    for row in rows:
        metrics = row.metrics
        cells = [cell(metrics[name]) for name in COLUMNS]
        counts = f"{metrics['scored']} / {metrics['expected']}"
        lines.append([row.name, *cells, cell(row.error), counts])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def entry(row: Row, options: argparse.Namespace) -> dict[str, Any]:
    """A row of the leaderboard file."""
    return {
        "system": row.name,
        "rule": row.rule,
        "by": "MomentVOS",
        "version": momentvos.__version__,
        "date": date.today().isoformat(),
        "videos": options.videos,
        "figures": {**row.metrics, "standard error": row.error},
    }


def write(path: Path, rows: Sequence[Row], options: argparse.Namespace) -> None:
    data = {"world": WORLD, "split": SPLIT, "seed": options.seed, "size": options.size}
    kept = []
    if path.exists():
        known = json.loads(path.read_text("utf-8"))
        if known["data"] != data:
            sys.exit(f"{path} is about other videos: {known['data']}, not {data}.")
        kept = [one for one in known["rows"] if one["system"] not in {row.name for row in rows}]
    every = sorted(
        [*kept, *(entry(row, options) for row in rows)],
        key=lambda one: (one["rule"], -(one["figures"]["M&M"] or 0.0)),
    )
    save_json(path, {"protocol": PROTOCOL, "data": data, "rows": every})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="names or folders (default: the bundled ones)")
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=9000, help="number of the first video")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("outputs/joint"), help="for answers")
    parser.add_argument("--json", type=Path, help="the leaderboard file")
    options = parser.parse_args()
    if not options.models:
        from momentvos.hub import known_models

        options.models = [one.name for one in known_models() if one.source == "bundled"]
    rows = [*by_models(options), *by_rules(options)]
    print(f"MomentWorld {WORLD} {SPLIT}, {options.videos} videos from {options.seed}\n")
    print(table(rows))
    if options.json:
        write(options.json, rows, options)


if __name__ == "__main__":
    main()
