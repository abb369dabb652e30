"""QVHighlights: moment retrieval by length of the windows, and highlights by raters' scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from momentvos.evaluation.moments import mean
from momentvos.evaluation.windows import (
    THRESHOLDS,
    Retrieval,
    mean_average_precision,
    retrieval_metrics,
)

RANGES = {"short": (0.0, 10.0), "middle": (10.0, 30.0), "long": (30.0, 150.0)}
"""Seconds: longer than the first, at most the second."""

LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}
"""Least score, 0..4, of a clip that a rater calls a highlight."""


@dataclass(frozen=True)
class Highlights:
    """One query: what raters gave each clip of the video [C, R], 0..4, and the predicted score of
    each clip; short predictions are filled up with 0, long ones cut.
    """

    ratings: Sequence[Sequence[float]]
    saliency: Sequence[float]


def moment_metrics(queries: Sequence[Retrieval]) -> dict[str, float | None]:
    """moment_detr's standalone_eval, 0..1: mAP (average, @0.5, @0.75), mAP by length, R1@0.5, 0.7.

    A length's queries are those with a window of it, and only such windows count. Not rounded;
    the official program prints percent with two decimals.
    """
    precision = mean_average_precision(queries)
    metrics: dict[str, float | None] = {
        "mAP": _average(precision),
        "mAP@0.5": precision[0.5],
        "mAP@0.75": precision[0.75],
    }
    for name, (low, high) in RANGES.items():
        part = [
            replace(query, windows=[w for w in query.windows if low < w[1] - w[0] <= high])
            for query in queries
        ]
        metrics[f"mAP {name}"] = _average(
            mean_average_precision([query for query in part if query.windows])
        )
    recall = retrieval_metrics(queries, (0.5, 0.7))
    return metrics | {name: recall[name] for name in ("R1@0.5", "R1@0.7")}


def highlight_metrics(queries: Sequence[Highlights]) -> dict[str, float | None]:
    """moment_detr's standalone_eval, 0..1: HL-mAP and HL-Hit1 at each of `LEVELS`.

    Hit1: the best clip is a highlight for some rater. mAP: mean over queries and raters; 0 where
    a rater has no highlight.
    """
    metrics: dict[str, float | None] = {}
    for name, least in LEVELS.items():
        hits: list[float] = []
        precisions: list[float] = []
        for query in queries:
            truth = np.asarray(query.ratings) >= least
            best = int(np.argmax(query.saliency))
            hits.append(float(best < len(truth) and truth[best].any()))
            scores = np.zeros(len(truth))
            given = np.asarray(query.saliency, float)[: len(truth)]
            scores[: len(given)] = given
            precisions += [average_precision(column, scores) for column in truth.T]
        metrics[f"HL-{name} mAP"] = mean(precisions)
        metrics[f"HL-{name} Hit1"] = mean(hits)
    return metrics


def average_precision(truth: ArrayLike, scores: ArrayLike) -> float:
    """Mean interpolated precision over the distinct recalls; all true 1, none true 0.

    truth: bool [C]. scores: [C]; equal scores are one step.
    """
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.all() or not truth.any():
        return float(truth.all())
    order = np.argsort(-scores, kind="stable")
    steps = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = truth[order].cumsum()[steps]
    highest = np.maximum.accumulate((found / (steps + 1))[::-1])[::-1]
    return float(highest[np.diff(found, prepend=0) > 0].mean())


def _average(precision: dict[float, float | None]) -> float | None:
    values = [precision[m] for m in THRESHOLDS]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
