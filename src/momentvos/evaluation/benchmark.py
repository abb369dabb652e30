"""Run a model over a benchmark, or over a part of it; score what anyone has predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError
from momentvos.evaluation import manifest
from momentvos.evaluation.benchmarks import frame_names
from momentvos.evaluation.casebook import page
from momentvos.evaluation.davis import ObjectScore
from momentvos.evaluation.html import render
from momentvos.evaluation.metrics import Measurements, key, retrieval
from momentvos.evaluation.outcome import Outcome
from momentvos.evaluation.records import Record, record
from momentvos.evaluation.run import Report, run
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.store import Key, Store, writing
from momentvos.evaluation.submission import write_lines, write_submission
from momentvos.evaluation.task import Request, Task
from momentvos.evaluation.windows import Retrieval
from momentvos.guard import guarded
from momentvos.ranges import check
from momentvos.results.append_log import Writer
from momentvos.results.exclusive import alone
from momentvos.results.prediction import Prediction
from momentvos.results.text_file import save_json, save_text

SUBMISSION = "submission.zip"
RESULTS = "results.json"
"""What `BenchmarkRun.conclude` writes."""
FACTS = ("benchmark", "split", "model", "grounder")


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
        self.task = task = Task(request)
        self.benchmark, self.videos, self.samples = task.benchmark, task.videos, task.samples
        self.manifest = manifest.Manifest(
            benchmark=request.benchmark,
            split=task.benchmark.split(request.split),
            model=request.model,
            weights=manifest.weights(request.model),
            grounder=request.grounder,
            videos=len(task.videos),
            expressions=len(task.samples),
            questions=task.digest,
            source="disk" if isinstance(request.root, Path) else str(request.root),
            selection=request.selection,
            execution=str(request.execution),
        )
        self.manifest.claim(request.out)
        self.store = Store(request.out)

    @property
    def todo(self) -> list[Sequence[Sample]]:
        """The videos of this process's shard that have expressions without an answer."""
        share = self.request.shard.share(self.videos)
        return [group for group in share if not all(self.store.done(key(one)) for one in group)]

    def answer(self, load: Callable[[], Any], report: Report | None = None) -> State:
        """Answer the shard. load: gives the model, called only where it has something to do."""

        def asked(videos: Sequence[Sequence[Sample]], writer: Writer) -> int:
            ask, stop = self.task.ask(load), self.request.stop
            return run(ask, videos, self.store, writer, self.task.scores, report, stop)

        return self.answer_by(asked)

    def answer_by(self, engine: Callable[[Sequence[Sequence[Sample]], Writer], int]) -> State:
        """Answer the shard. engine: is given videos with open expressions, if there are any, and
        what keeps a line for each answer; returns how many expressions failed.
        """
        todo, request = self.todo, self.request
        asked = failed = 0
        if todo:
            asked = sum(not self.store.done(key(one)) for group in todo for one in group)
            with writing(request.out, request.shard.name) as writer:
                self.store.refresh()
                failed = engine(todo, writer)
            self.store.refresh()
        missing = sum(key(one) not in self.store for one in self.samples)
        return State(missing, len(self.samples), asked, failed)

    def conclude(self) -> Outcome:
        """Join what all processes have answered into ``results.json`` and ``report.html``."""
        out = self.request.out
        with alone(out, "conclude"):
            outcome = self.outcome()
            save_json(out / RESULTS, outcome.to_json())
            save_text(out / "report.html", render(page(outcome, self._prediction)))
        return outcome

    def submit(self, incomplete: bool = False) -> tuple[Path, int]:
        """Write the server's zip; its path and how many pictures, or lines, it holds.

        Raises BenchmarkError where it would be incomplete, or the benchmark takes none.
        """
        path, layout = self.request.out / SUBMISSION, self.benchmark.submission

        def answered(sample: Sample) -> bool:
            return self.store.done(key(sample))

        if layout.lines is not None:
            name = layout.lines.format(split=self.manifest.split)
            return path, write_lines(
                path, name, self.samples, answered, self._prediction, incomplete
            )
        return path, write_submission(
            path,
            layout,
            self.samples,
            frame_names,
            answered,
            lambda sample: self._prediction(sample).masklet,
            incomplete,
        )

    def outcome(self) -> Outcome:
        """The metrics of what all processes have answered so far."""
        rows: dict[Key, ExpressionScore] = {}
        errors: dict[Key, str] = {}
        queries: dict[Key, Retrieval] = {}
        curves: dict[Key, Sequence[float]] = {}
        records: dict[Key, Record] = {}
        unscored: set[Key] = set()
        seconds = 0.0
        for sample in self.samples:
            if key(sample) not in self.store:
                continue
            line = self.store.load(key(sample))
            place = " of ".join(f"'{one}'" for one in reversed(key(sample)))
            with guarded(BenchmarkError, f"The answer to {place} in {self.store.folder} is broken"):
                seconds += float(line["seconds"])
                prediction = None
                if line["error"] is None:
                    prediction = Prediction.from_json(line["prediction"])
                    row = self._row(sample, prediction, line["scores"])
            if prediction is None:
                errors[key(sample)] = str(line["error"])
            else:
                if row is None:
                    unscored.add(key(sample))
                else:
                    rows[key(sample)] = row
            if prediction is not None and self.task.finds:
                counted = record(sample, prediction)
                if counted is not None:
                    records[key(sample)] = counted
            query = retrieval(sample, prediction) if self.task.finds else None
            if query is not None:
                queries[key(sample)] = query
            if prediction is not None and self.task.finds and getattr(sample, "saliency", None):
                curves[key(sample)] = prediction.relevance
        known = asdict(self.manifest)
        return Outcome.of_benchmark(
            self.benchmark,
            Measurements(self.samples, rows, queries, curves, self._objects(rows), records),
            facts={name: str(known[name]) for name in FACTS}
            | ({} if self.manifest.selection else {"selection": "off"}),
            errors=errors,
            unscored=unscored,
            left_out=self.task.left_out,
            seconds=seconds,
        )

    def _objects(self, rows: Mapping[Key, ExpressionScore]) -> list[ObjectScore]:
        """Of label maps, where the benchmark wants them and everything is answered."""
        wanted = "ref-davis-classic" in self.benchmark.protocols
        if not wanted or len(rows) < len(self.samples):
            return []
        from momentvos.evaluation.classic import object_scores

        videos: Any = self.videos
        return object_scores(videos, lambda sample: self._prediction(sample).masklet)

    def _row(
        self, sample: Sample, prediction: Prediction, scores: dict[str, Any] | None
    ) -> ExpressionScore | None:
        if scores is None:
            return None
        try:
            row = ExpressionScore(**scores)
            check(row)
            return row
        except (TypeError, ValueError):  # kept by a version with other metrics
            return self.task.score(sample, prediction)

    def _prediction(self, sample: Sample) -> Prediction:
        return Prediction.from_json(self.store.load(key(sample))["prediction"])
