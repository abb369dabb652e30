"""What a run has come to: the metrics of all its expressions, by attribute, and its failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError
from momentvos.evaluation.attributes import ORDER, attributes
from momentvos.evaluation.benchmarks import Benchmark
from momentvos.evaluation.metrics import Measurements, key
from momentvos.evaluation.protocols import Metrics
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.evaluation.store import Key
from momentvos.evaluation.windows import first_ious

SCHEMA = 1
"""Of `Outcome.to_json` and of `summary.flat`: ``schemas/results.schema.json``."""


@dataclass(frozen=True)
class Outcome:
    """facts: what was run, by name. measurements: what was answered, of all that was asked.

    unscored: what was answered, but has no public masks. errors: why others failed. left_out:
    expressions that were not to be asked. seconds: the model's own. metrics: the official ones,
    by protocol. notes: why there are none of some protocol.
    """

    facts: Mapping[str, str]
    measurements: Measurements
    errors: Mapping[Key, str]
    unscored: Set[Key] = frozenset()
    left_out: int = 0
    seconds: float = 0.0
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of_benchmark(
        cls, benchmark: Benchmark, measurements: Measurements, **parts: Any
    ) -> Outcome:
        """With the metrics of the benchmark's protocols."""
        metrics, notes = {}, []
        for name in benchmark.protocols:
            try:
                counted = measurements.metrics(name)
            except BenchmarkError as error:
                notes.append(str(error))
                continue
            if counted is not None:
                metrics[name] = counted
        return cls(measurements=measurements, metrics=metrics, notes=tuple(notes), **parts)

    @property
    def samples(self) -> Sequence[Sample]:
        """What was asked, in the data set's order."""
        return self.measurements.samples

    @property
    def rows(self) -> Mapping[Key, ExpressionScore]:
        """Metrics of masks by (video, expression)."""
        return self.measurements.rows

    def value(self, sample: Sample) -> float | None:
        """The figure by which a case is good or bad: J&F, IoU of a picture, else tIoU."""
        row, query = self.rows.get(key(sample)), self.measurements.queries.get(key(sample))
        if row is None:
            scored = query is not None and key(sample) in self.unscored
            return first_ious([query])[0] if scored and query is not None else None
        if "union" in row.extra:
            return row.extra["intersection"] / row.extra["union"] if row.extra["union"] else 1.0
        return row.jf

    @property
    def score(self) -> WorldScore:
        """The metrics of everything that has been answered."""
        return self.of(self.samples, self.seconds)

    def of(self, samples: Sequence[Sample], seconds: float = 0.0) -> WorldScore:
        """The metrics of some of the samples."""
        there = [one for one in samples if key(one) in self.rows]
        return WorldScore(
            tuple(self.rows[key(one)] for one in there),
            len(samples),
            sum(one.length for one in there),
            seconds,
        )

    def breakdown(self) -> dict[str, dict[str, WorldScore]]:
        """Attribute -> value -> metrics; attributes with a single value are left out."""
        groups: dict[str, dict[str, list[Sample]]] = {}
        for sample in self.samples:
            for name, value in attributes(sample).items():
                groups.setdefault(name, {}).setdefault(value, []).append(sample)
        return {
            name: {value: self.of(values[value]) for value in sorted(values, key=_natural)}
            for name, values in sorted(groups.items())
            if len(values) > 1
        }

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values, expression by expression."""
        return {
            "schema": SCHEMA,
            **self.facts,
            "figures": self.metrics,
            "notes": self.notes,
            **self.score.summary(),
            "unscored": len(self.unscored),
            "failed": len(self.errors),
            "left_out": self.left_out,
            "breakdown": {
                name: {value: score.summary() for value, score in values.items()}
                for name, values in self.breakdown().items()
            },
            "expressions": [self._entry(sample) for sample in self.samples],
        }

    def _entry(self, sample: Sample) -> dict[str, Any]:
        row, query = self.rows.get(key(sample)), self.measurements.queries.get(key(sample))
        windows = {} if query is None else {"windows": query.windows, "answers": query.answers}
        error = self.errors.get(key(sample))
        if row is not None:
            return {**asdict(row), "jf": row.jf, **windows, "error": error}
        return {
            "video": sample.video_id,
            "expression": sample.expression_id,
            "sentence": sample.sentence,
            **windows,
            "error": error,
        }


def _natural(value: str) -> tuple[int, str]:
    if value in ORDER:
        return ORDER.index(value), value
    number = value.split(" ")[0]
    return (int(number), "") if number.isdecimal() else (0, value)
