"""Score predictions that are already on disk, whoever has made them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from momentvos.errors import BenchmarkError, OutputError
from momentvos.evaluation.answers_file import AnswersFile
from momentvos.evaluation.benchmarks import benchmark, frame_names
from momentvos.evaluation.casebook import page
from momentvos.evaluation.html import render
from momentvos.evaluation.metrics import Measurements, key, retrieval
from momentvos.evaluation.outcome import Outcome
from momentvos.evaluation.prediction_folder import Fault, NotAnswered, Predictions
from momentvos.evaluation.records import Record, record
from momentvos.evaluation.run import Report
from momentvos.evaluation.score import score
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.store import Key
from momentvos.evaluation.windows import Retrieval
from momentvos.masklet import Masklet
from momentvos.paths import real
from momentvos.results.text_file import save_json, save_text


@dataclass(frozen=True)
class Scoring:
    """Metrics of what could be scored, and every file that is missing, wrong or too many."""

    outcome: Outcome
    faults: tuple[Fault, ...]
    predictions: Predictions | AnswersFile

    def save(self, out: Path) -> None:
        """Write ``results.json``, with every fault, and ``report.html``. Raises OutputError."""
        faults = [asdict(fault) for fault in self.faults]
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot write to {out}: {error.strerror or error}.") from error
        save_json(out / "results.json", {**self.outcome.to_json(), "faults": faults})
        save_text(out / "report.html", render(page(self.outcome, self.predictions.load)))


def score_predictions(
    folder: Path, name: str, root: Path, split: str | None = None, report: Report | None = None
) -> Scoring:
    """Score a folder of predictions, or a file of answers, about a benchmark's split.

    An expression with a missing or unusable file is not scored; its first fault is named.
    Raises BenchmarkError for an unknown name or split, or no folder; DataError for broken data.
    """
    known = benchmark(name)
    samples = list(chain.from_iterable(known.videos(root, split)))
    if not any(sample.annotated or sample.timed for sample in samples):
        raise BenchmarkError(
            f"The masks of {name} {known.split(split)} are not public; submit the predictions "
            f"to {known.submission.about}."
        )
    predictions: Predictions | AnswersFile
    predictions = AnswersFile(folder) if folder.is_file() else Predictions(folder, frame_names)
    rows: dict[Key, ExpressionScore] = {}
    errors: dict[Key, str] = {}
    queries: dict[Key, Retrieval] = {}
    records: dict[Key, Record] = {}
    unscored: set[Key] = set()
    faults: dict[str, Fault] = {}
    for done, sample in enumerate(samples, start=1):
        try:
            answer = predictions.load(sample)
            if sample.annotated:
                rows[key(sample)] = score(sample, answer)
            else:
                unscored.add(key(sample))
            query = None if isinstance(answer, Masklet) else retrieval(sample, answer)
            if query is not None:
                queries[key(sample)] = query
            counted = record(sample, answer)
            if counted is not None:
                records[key(sample)] = counted
        except NotAnswered as error:
            errors[key(sample)] = str(error)
            faults.setdefault(error.fault.path, error.fault)
        if report is not None:
            report(done, len(samples))
    facts = {
        "benchmark": name,
        "split": known.split(split),
        "model": real(folder).name,
        "predictions": str(folder),
    }
    if isinstance(predictions, AnswersFile):
        records |= predictions.beside(samples)
    measurements = Measurements(samples, rows, queries, records=records)
    outcome = Outcome.of_benchmark(
        known, measurements, facts=facts, errors=errors, unscored=unscored
    )
    return Scoring(outcome, (*faults.values(), *predictions.surplus(samples)), predictions)
