"""A benchmark's official metrics from what a run has found: the records each protocol counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from momentvos.data.sample import Sample
from momentvos.evaluation.answer import Told
from momentvos.evaluation.davis import ObjectScore
from momentvos.evaluation.highlights import Highlights
from momentvos.evaluation.images import Overlap
from momentvos.evaluation.phrases import Phrase
from momentvos.evaluation.protocols import PROTOCOLS, Metrics, protocol_metrics
from momentvos.evaluation.records import Record, record
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.store import Key
from momentvos.evaluation.tubes import Tube
from momentvos.evaluation.windows import Retrieval
from momentvos.results.prediction import Prediction

Records = tuple[list[Any], list[Any]]
"""What was answered, and what has no usable answer."""


@dataclass(frozen=True)
class Measurements:
    """rows: metrics of masks. queries: true windows with those answered, where moments are known
    and were the answer's own; without answers where it failed. curves: relevance, frame by frame,
    where the data set says how worth seeing clips are. objects: of merged label maps. records:
    tubes of boxes or tracks of instances, where the data set has them.
    """

    samples: Sequence[Sample]
    rows: Mapping[Key, ExpressionScore]
    queries: Mapping[Key, Retrieval] = field(default_factory=dict)
    curves: Mapping[Key, Sequence[float]] = field(default_factory=dict)
    objects: Sequence[ObjectScore] = ()
    records: Mapping[Key, Record] = field(default_factory=dict)

    def metrics(self, protocol: str) -> Metrics | None:
        """The protocol's metrics, 0..1, and its counts; None where there is nothing to count.

        Raises BenchmarkError where the protocol wants an answer to everything, KeyError for an
        unknown one.
        """
        gather = {
            ExpressionScore: self._masks,
            Overlap: self._pictures,
            Retrieval: self._moments,
            Highlights: self._highlights,
            ObjectScore: self._objects,
            Tube: self._records,
            Phrase: self._records,
        }
        found, lost = gather[PROTOCOLS[protocol].record]()
        return protocol_metrics(protocol, found, lost) if found or lost else None

    def _known(self) -> list[Sample]:
        return [one for one in self.samples if one.annotated]

    def unanswered(self) -> list[ExpressionScore]:
        """Of each sample whose truth is public and that has no usable answer, a score of 0."""
        return [_nothing(one) for one in self._known() if key(one) not in self.rows]

    def _masks(self) -> Records:
        return list(self.rows.values()), self.unanswered()

    def _pictures(self) -> Records:
        lost = [one for one in self._known() if key(one) not in self.rows]
        return [_overlap(row) for row in self.rows.values()], [_unmet(sample) for sample in lost]

    def _moments(self) -> Records:
        every = list(self.queries.values())
        return (
            [query for query in every if query.answers is not None],
            [query for query in every if query.answers is None],
        )

    def _highlights(self) -> Records:
        rated = [one for one in self.samples if getattr(one, "saliency", ())]
        found = [
            Highlights(_ratings(one), self.curves[key(one)])
            for one in rated
            if key(one) in self.curves
        ]
        return found, [one for one in rated if key(one) not in self.curves]

    def _records(self) -> Records:
        lost = [record(one, None) for one in self.samples if key(one) not in self.records]
        return list(self.records.values()), [one for one in lost if one is not None]

    def _objects(self) -> Records:
        lost = [one for one in self._known() if key(one) not in self.rows]
        return list(self.objects), lost


def key(sample: Sample) -> Key:
    """What a sample is called in a store."""
    return sample.video_id, sample.expression_id


def retrieval(sample: Sample, prediction: Prediction | Told | None) -> Retrieval | None:
    """True windows and answered ones in seconds, the most relevant first; no prediction: a miss.

    None where the data set tells no moment of the sample, or there is none.
    """
    true = windows(sample) if sample.timed else []
    found: list[tuple[float, float, float]] | None = None
    if prediction is not None:
        found = _told(sample, prediction) if isinstance(prediction, Told) else answers(prediction)
    return Retrieval(true, found) if true else None


def windows(sample: Sample) -> list[tuple[float, float]]:
    """The true moment in seconds."""
    if sample.seconds is not None:
        return list(sample.seconds)
    return [(start / sample.fps, (end + 1) / sample.fps) for start, end in sample.moment.spans]


def answers(prediction: Prediction) -> list[tuple[float, float, float]]:
    """Start and end in seconds, and the mean relevance, of each span; the most relevant first."""
    found = []
    for (first, last), (start, end) in zip(
        prediction.moment.spans, prediction.seconds, strict=True
    ):
        curve = prediction.relevance[first : last + 1]
        found.append((start, end, sum(curve) / len(curve)))
    return sorted(found, key=lambda window: -window[2])


def _told(sample: Sample, answer: Told) -> list[tuple[float, float, float]]:
    if answer.windows is not None:
        return list(answer.windows)
    found = []
    for first, last in answer.moment.spans if answer.found else ():
        curve = answer.relevance[first : last + 1] or (1.0,)
        start, end = first / sample.fps, (last + 1) / sample.fps
        found.append((start, end, sum(curve) / len(curve)))
    return sorted(found, key=lambda window: -window[2])


def _overlap(row: ExpressionScore) -> Overlap:
    return Overlap(
        int(row.extra["intersection"]),
        int(row.extra["union"]),
        bool(row.extra["target"]),
        bool(row.extra["found"]),
    )


def _unmet(sample: Sample) -> Overlap:
    """No mask at all, where one may have been wanted."""
    truth = sample.masks([0])[:, 0].any(axis=0) & ~sample.ignored([0])[0]
    return Overlap(0, int(np.count_nonzero(truth)), bool(truth.any()), False)


def _ratings(sample: Any) -> list[list[float]]:
    """[C, R]: what raters gave each clip, 0 where it is not relevant."""
    marks = dict(sample.saliency)
    raters = max(map(len, marks.values()))
    return [list(marks.get(clip, [0.0] * raters)) for clip in range(sample.length)]


def _nothing(sample: Sample) -> ExpressionScore:
    return ExpressionScore(
        video=sample.video_id,
        expression=sample.expression_id,
        sentence=sample.sentence,
        kind=sample.kind,
        target=bool(sample.targets),
        found=False,
        j=0.0,
        f=0.0,
    )
