"""What a run has come to: the figures of all its expressions, by attribute, and its failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

from momentvos.data.sample import Sample
from momentvos.evaluation.attributes import ORDER, attributes
from momentvos.evaluation.scores import ExpressionScore, WorldScore


@dataclass(frozen=True)
class Outcome:
    """facts: what was run, by name. samples: what was asked, in the data set's order.

    rows: figures by (video, expression). unscored: what was answered but cannot be scored, as its
    truth is not public. errors: why others failed. left_out: expressions that were not to be
    asked. seconds: the model's own.
    """

    facts: Mapping[str, str]
    samples: Sequence[Sample]
    rows: Mapping[tuple[str, str], ExpressionScore]
    errors: Mapping[tuple[str, str], str]
    unscored: Set[tuple[str, str]] = frozenset()
    left_out: int = 0
    seconds: float = 0.0

    @property
    def score(self) -> WorldScore:
        """The figures of everything that has been answered."""
        return self.of(self.samples, self.seconds)

    def of(self, samples: Sequence[Sample], seconds: float = 0.0) -> WorldScore:
        """The figures of some of the samples."""
        there = [one for one in samples if key(one) in self.rows]
        return WorldScore(
            tuple(self.rows[key(one)] for one in there),
            len(samples),
            sum(one.length for one in there),
            seconds,
        )

    def breakdown(self) -> dict[str, dict[str, WorldScore]]:
        """Attribute -> value -> figures; attributes with a single value are left out."""
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
            **self.facts,
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
        row = self.rows.get(key(sample))
        if row is not None:
            return {**asdict(row), "jf": row.jf, "error": None}
        return {
            "video": sample.video_id,
            "expression": sample.expression_id,
            "sentence": sample.sentence,
            "error": self.errors.get(key(sample)),
        }


def key(sample: Sample) -> tuple[str, str]:
    """What a sample is called in a store."""
    return sample.video_id, sample.expression_id


def _natural(value: str) -> tuple[int, str]:
    if value in ORDER:
        return ORDER.index(value), value
    number = value.split(" ")[0]
    return (int(number), "") if number.isdecimal() else (0, value)
