"""Moment retrieval in seconds: R1@m, mIoU and mAP of windows (start, end)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentvos.evaluation.moments import mean, recall_at

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Of QVHighlights' mAP: 0.5, 0.55, ... 0.95."""


@dataclass(frozen=True)
class Retrieval:
    """One query: its true windows and what was answered, best first, in seconds.

    windows: [K, 2]. answers: [N, 2] or [N, 3] with a score. None is an answer that could not be
    read; it counts as a miss.
    """

    windows: Sequence[Sequence[float]]
    answers: Sequence[Sequence[float]] | None


def overlaps(answers: ArrayLike, windows: ArrayLike) -> NDArray[np.float64]:
    """IoU of every answer with every window, [N, K]; 0 where both are points."""
    a, w = (
        np.asarray(x, np.float64).reshape(len(np.atleast_1d(x)), -1) for x in (answers, windows)
    )
    low = np.maximum(a[:, None, 0], w[None, :, 0])
    high = np.minimum(a[:, None, 1], w[None, :, 1])
    both = np.clip(high - low, 0, None)
    union = (a[:, 1] - a[:, 0])[:, None] + (w[:, 1] - w[:, 0])[None] - both
    return np.divide(both, union, out=np.zeros_like(both), where=union > 0)


def clamp(window: Sequence[float], duration: float) -> tuple[float, float]:
    """A window held inside the video, as 2D-TAN does with ActivityNet's and Charades' ends."""
    return min(max(window[0], 0.0), duration), min(max(window[1], 0.0), duration)


def first_ious(queries: Sequence[Retrieval]) -> list[float]:
    """IoU of the first answer with the true window it fits best (moment_detr, Chrono), per query.

    0 without an answer, and without a true window.
    """
    return [_first_iou(query) for query in queries]


def _first_iou(query: Retrieval) -> float:
    if not query.answers or not len(query.windows):
        return 0.0
    start, end = query.answers[0][:2]
    best = int(overlaps(query.answers[:1], query.windows)[0].argmax())
    low, high = query.windows[best][:2]
    # Over the hull, as all official programs: the same, but for the last digit at a threshold.
    both, hull = min(end, high) - max(start, low), max(end, high) - min(start, low)
    return max(both, 0.0) / hull if hull else 0.0


def retrieval_metrics(
    queries: Sequence[Retrieval], thresholds: Sequence[float] = (0.3, 0.5, 0.7)
) -> dict[str, float | None]:
    """R1@m (IoU >= m, nothing rounded) and mIoU over all queries, 0..1, and how many are invalid.

    Names: "R1@0.3", ..., "mIoU", "invalid" (a share). None where nothing was asked.
    """
    ious = first_ious(queries)
    metrics = {f"R1@{m}": recall_at(ious, m) for m in thresholds}
    invalid = mean(float(query.answers is None) for query in queries)
    return {**metrics, "mIoU": mean(ious), "invalid": invalid}


def mean_average_precision(
    queries: Sequence[Retrieval], thresholds: Sequence[float] = THRESHOLDS, most: int = 10
) -> dict[float, float | None]:
    """mAP at each IoU threshold, over the queries with a true window (QVHighlights).

    The first `most` answers count, by their score where they have one, else in their order.
    """
    asked = [query for query in queries if len(query.windows)]
    rows = [_precisions(query, thresholds, most) for query in asked]
    return {m: mean(row[place] for row in rows) for place, m in enumerate(thresholds)}


def _precisions(query: Retrieval, thresholds: Sequence[float], most: int) -> list[float]:
    answers = [list(answer) for answer in (query.answers or [])][:most]
    if not answers:
        return [0.0] * len(thresholds)
    if all(len(answer) > 2 for answer in answers):
        answers.sort(key=lambda answer: -answer[2])
    ious = overlaps([answer[:2] for answer in answers], query.windows)
    return [interpolated(_hits(ious, m), len(query.windows)) for m in thresholds]


def _hits(ious: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Which answers find a true window that no better-scored one has taken."""
    free = np.ones(ious.shape[1], bool)
    hits = np.zeros(len(ious), bool)
    for place, row in enumerate(ious):
        # The window of highest IoU first; of equals the last, as an ascending sort reversed has it.
        for window in row.argsort()[::-1]:
            if row[window] < threshold:
                break
            if free[window]:
                free[window], hits[place] = False, True
                break
    return hits


def interpolated(hits: NDArray[np.bool_], positives: int) -> float:
    """Average precision of ranked hits: area under the interpolated curve (VOC, all points)."""
    found = hits.cumsum()
    precision = found / np.arange(1, len(hits) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float(highest[hits].sum() / positives)
