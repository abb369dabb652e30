"""Run a model over a benchmark, or over a part of it; score what anyone has predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError
from momentvos.evaluation import manifest
from momentvos.evaluation.benchmarks import benchmark, frame_names, has_truth
from momentvos.evaluation.casebook import page
from momentvos.evaluation.grounders import grounder
from momentvos.evaluation.html import render
from momentvos.evaluation.judge import judge
from momentvos.evaluation.outcome import Outcome, key
from momentvos.evaluation.report import save_json, save_text
from momentvos.evaluation.run import Report, run
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.shard import Shard
from momentvos.evaluation.store import Store, alone, writing
from momentvos.evaluation.submission import write_submission
from momentvos.prediction import Prediction

SUBMISSION = "submission.zip"


@dataclass(frozen=True)
class Request:
    """What to run. split: None is the benchmark's usual one. videos: only the first so many.

    grounder: a name of `grounders.NAMED`, or a moment. stop: end at the first failure.
    """

    benchmark: str
    root: Path
    model: str
    out: Path
    split: str | None = None
    grounder: str = "model"
    shard: Shard = field(default_factory=Shard)
    videos: int | None = None
    stop: bool = False


@dataclass(frozen=True)
class State:
    """Where a run stands. missing: expressions that no process has answered yet.

    asked: how many this process had to answer. failed: how many of those failed.
    """

    missing: int
    expected: int
    asked: int
    failed: int


class BenchmarkRun:
    """A benchmark, a model and a folder of answers.

    The folder is marked as this run's. Raises MomentVOSError where the data cannot be read, the
    folder belongs to another run, or the grounder is unknown.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.benchmark = benchmark(request.benchmark)
        grounder(request.grounder, None)
        videos = self.benchmark.videos(request.root, request.split)[: request.videos]
        self.left_out = 0
        if request.grounder == "oracle":
            if not all(map(has_truth, chain.from_iterable(videos))):
                raise BenchmarkError(
                    "The true moments of this split are not public; choose another --grounder."
                )
            every = sum(map(len, videos))
            videos = [[one for one in group if one.targets] for group in videos]
            videos = [group for group in videos if group]
            self.left_out = every - sum(map(len, videos))
        self.videos: Sequence[Sequence[Sample]] = videos
        self.samples = list(chain.from_iterable(videos))
        if not self.samples:
            raise BenchmarkError(f"'{request.root}' holds no expression that could be asked.")
        self.manifest = manifest.Manifest(
            benchmark=request.benchmark,
            split=request.split or self.benchmark.splits[0],
            model=request.model,
            weights=manifest.weights(request.model),
            grounder=request.grounder,
            videos=len(videos),
            expressions=len(self.samples),
            questions=manifest.questions(self.samples),
        )
        self.manifest.claim(request.out)
        self.store = Store(request.out)

    @property
    def todo(self) -> list[Sequence[Sample]]:
        """The videos of this process's shard that have expressions without an answer."""
        share = self.request.shard.share(self.videos)
        return [group for group in share if not all(self.store.done(key(one)) for one in group)]

    def answer(self, load: Callable[[], Any], report: Report | None = None) -> State:
        """Answer the shard. load: gives the model, called only where there is something to do."""
        todo, request = self.todo, self.request
        asked = failed = 0
        if todo:
            asked = sum(not self.store.done(key(one)) for group in todo for one in group)
            model = load()
            when = grounder(request.grounder, model)
            with writing(request.out, request.shard.name) as writer:
                self.store.refresh()
                failed = run(
                    model, todo, self.store, writer, when, self._judge, report, request.stop
                )
            self.store.refresh()
        missing = sum(key(one) not in self.store for one in self.samples)
        return State(missing, len(self.samples), asked, failed)

    def _judge(self, sample: Sample, prediction: Prediction) -> dict[str, Any] | None:
        if not has_truth(sample):
            return None
        return asdict(judge(sample, prediction, self.request.grounder == "model"))

    def conclude(self) -> Outcome:
        """Join what all processes have answered into ``results.json`` and ``report.html``."""
        out = self.request.out
        with alone(out, "conclude"):
            outcome = self._outcome()
            save_json(out / "results.json", outcome.to_json())
            save_text(out / "report.html", render(page(outcome, self._prediction)))
        return outcome

    def submit(self, incomplete: bool = False) -> tuple[Path, int]:
        """Write the server's zip; its path and number of pictures.

        Raises BenchmarkError where it would be incomplete, or the benchmark takes none.
        """
        path = self.request.out / SUBMISSION
        count = write_submission(
            path,
            self.benchmark.submission,
            self.samples,
            frame_names,
            lambda sample: self.store.done(key(sample)),
            lambda sample: self._prediction(sample).masklet,
            incomplete,
        )
        return path, count

    def _outcome(self) -> Outcome:
        rows: dict[tuple[str, str], ExpressionScore] = {}
        errors: dict[tuple[str, str], str] = {}
        unscored: set[tuple[str, str]] = set()
        seconds = 0.0
        for sample in self.samples:
            if key(sample) not in self.store:
                continue
            line = self.store.load(key(sample))
            seconds += line["seconds"]
            if line["error"] is not None:
                errors[key(sample)] = line["error"]
                continue
            row = self._row(sample, line["scores"])
            if row is None:
                unscored.add(key(sample))
            else:
                rows[key(sample)] = row
        known = asdict(self.manifest)
        facts = {name: str(known[name]) for name in ("benchmark", "split", "model", "grounder")}
        return Outcome(facts, self.samples, rows, errors, unscored, self.left_out, seconds)

    def _row(self, sample: Sample, scores: dict[str, Any] | None) -> ExpressionScore | None:
        try:
            return None if scores is None else ExpressionScore(**scores)
        except TypeError:  # kept by a version with other figures
            return judge(sample, self._prediction(sample), self.request.grounder == "model")

    def _prediction(self, sample: Sample) -> Prediction:
        return Prediction.from_json(self.store.load(key(sample))["prediction"])
