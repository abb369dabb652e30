"""Choose a TGL model's two thresholds on MomentWorld's validation split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

GRID = tuple(step / 100 for step in range(1, 100))
LOST = 0.08
"""Share of targets that may be refused for the sake of refusing what is not there."""


@dataclass(frozen=True)
class Thresholds:
    """Two thresholds, and what they reach on the sentences they were chosen on.

    relevance: of the frames of a moment; tiou: mean temporal IoU of sentences with a target.
    presence: from which on a target occurs; accuracy: mean share of targets that are answered and
    of absent ones that are refused.
    """

    relevance: float
    tiou: float
    presence: float
    accuracy: float


@dataclass(frozen=True)
class Observation:
    """A sentence with its true moment (empty: no target), curve and presence."""

    moment: Moment
    curve: tuple[float, ...]
    presence: float


def observe(
    model: TglModel,
    split: str,
    videos: int,
    seed: int = 0,
    size: int = 256,
    progress: Callable[[int, int], None] | None = None,
    *,
    selection: bool | None = None,
) -> list[Observation]:
    """Ask every sentence of some scenes without refusing any.

    selection: False asks the system as published.
    """
    from momentvos.data.world import render, scene
    from momentvos.media.arrays import ArrayVideo

    configs = [one for one in (model.config, model.config.selection) if one is not None]
    before = [(one, one.presence_threshold) for one in configs]
    for one in configs:
        one.presence_threshold = 0.0
    options: dict[str, Any] = {} if selection is None else {"selection": selection}
    rows = []
    try:
        for number in range(seed, seed + videos):
            made = scene(number, split)
            frames, _ = render(made, range(made.length), size)
            video = ArrayVideo(frames, made.fps)
            asked = [expression.sentence for expression in made.expressions]
            answers = model.segment(video, asked, **options)
            rows += [
                Observation(expression.moment, answer.relevance, answer.presence)
                for expression, answer in zip(made.expressions, answers, strict=True)
            ]
            if progress is not None:
                progress(number - seed + 1, videos)
    finally:
        for one, value in before:
            one.presence_threshold = value
    return rows


def choose(rows: Sequence[Observation], median: int) -> Thresholds:
    """The relevance threshold of best mean tIoU and the presence threshold of best accuracy.

    Presence thresholds that refuse more than a share `LOST` of the sentences with a target are
    left out. Of several that are as good the middle one is taken: it is farthest from any sentence.
    median: width of the filter on the curves (``config.relevance_median``).
    """
    from momentvos.moment import Moment

    wanted = [row for row in rows if row.moment]
    absent = [row for row in rows if not row.moment]

    def tiou(threshold: float) -> float:
        total = sum(
            row.moment.iou(Moment.from_relevance(row.curve, threshold, median)) for row in wanted
        )
        return total / max(len(wanted), 1)

    def found(threshold: float) -> float:
        return sum(row.presence >= threshold for row in wanted) / max(len(wanted), 1)

    def accuracy(threshold: float) -> float:
        refused = sum(row.presence < threshold for row in absent) / max(len(absent), 1)
        return (found(threshold) + refused) / 2

    relevance = max(GRID, key=tiou)
    allowed = [t for t in GRID if found(t) >= 1 - LOST] or [GRID[0]]
    best = max(map(accuracy, allowed))
    equal = [t for t in allowed if accuracy(t) == best]
    return Thresholds(relevance, tiou(relevance), equal[len(equal) // 2], best)
