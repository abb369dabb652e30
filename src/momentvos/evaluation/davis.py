"""DAVIS 2017's two ways of scoring label maps, and Ref-DAVIS17's classic protocol on top of one.

Label maps hold 0 where nothing is, 1, 2, ... for objects and, in the truth, 255 for void. They are
scored one frame at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentvos.evaluation.masks import score_masks

VOID = 255
PROPOSALS = 20


@dataclass(frozen=True)
class ObjectScore:
    """One object of a video, 0..1: mean of J and of F over frames, recall and decay of each.

    recall: share of frames above 0.5. decay: mean of the first quarter of the frames less that of
    the last; None where the official program has nan. annotator: whose sentences were answered
    (Ref-DAVIS17).
    """

    video: str
    object: int
    j: float
    f: float
    j_recall: float
    f_recall: float
    j_decay: float | None
    f_decay: float | None
    annotator: int = 0


def objects(first: ArrayLike) -> int:
    """Objects of a video that DAVIS counts: the largest label of the first frame of the truth."""
    labels = np.asarray(first)
    return int(labels[labels != VOID].max(initial=0))


class SemiSupervised:
    """A video scored as DAVIS 2017 semi-supervised does: objects keep their labels.

    The first and the last frame do not count, void counts as ground. objects: see `objects`.
    """

    def __init__(self, objects: int) -> None:
        self.objects = objects
        self._frames: list[NDArray[np.float64]] = []

    def add(self, truth: ArrayLike, prediction: ArrayLike) -> None:
        """One frame's label maps [H, W]. Raises ValueError for a label above `objects`."""
        wanted, found = np.asarray(truth), np.asarray(prediction)
        if found.max(initial=0) > self.objects:
            raise ValueError(f"label {found.max()} in an answer about {self.objects} objects")
        labels = range(1, self.objects + 1)
        rows = [_scores(wanted == label, found == label) for label in labels]
        self._frames.append(np.array(rows).reshape(self.objects, 2))

    def scores(self, video: str) -> list[ObjectScore]:
        """One of each object, by label. Raises ValueError below three frames."""
        counted = self._frames[1:-1]
        if not counted:
            raise ValueError("a video of two frames has none that count")
        metrics = np.stack(counted)
        return [_statistics(video, one, metrics[:, one]) for one in range(self.objects)]


class Unsupervised:
    """A video scored as DAVIS 2017 unsupervised does.

    Every object is paired with one proposal so that the mean J&F is highest; further proposals
    are free, missing ones earn 0. All frames count; pixels labelled 255 in the truth do not.

    objects: see `objects`. proposals: largest label of any prediction. Raises ValueError where
    there are more than 20.
    """

    def __init__(self, objects: int, proposals: int) -> None:
        if proposals > PROPOSALS:
            raise ValueError(f"{proposals} proposals; DAVIS allows {PROPOSALS}")
        self.objects, self.proposals = objects, proposals
        self._frames: list[NDArray[np.float64]] = []

    def add(self, truth: ArrayLike, prediction: ArrayLike) -> None:
        """One frame's label maps [H, W]. Raises ValueError for a proposal beyond `proposals`."""
        wanted, found = np.asarray(truth), np.asarray(prediction)
        if found.max(initial=0) > self.proposals:
            raise ValueError(f"label {found.max()} in a prediction of {self.proposals} proposals")
        kept = wanted != VOID
        metrics = np.zeros((max(self.proposals, self.objects), self.objects, 2))
        for row in range(len(metrics)):
            # A label above `proposals` is nowhere: an empty mask.
            one = (found == row + 1) & kept
            for column in range(self.objects):
                metrics[row, column] = _scores(wanted == column + 1, one)
        self._frames.append(metrics)

    def scores(self, video: str, annotator: int = 0) -> list[ObjectScore]:
        """One of each object, in the order of their proposals. Raises ValueError without frames."""
        from scipy.optimize import linear_sum_assignment

        if not self._frames:
            raise ValueError("a video without frames cannot be scored")
        metrics = np.stack(self._frames)
        j, f = np.moveaxis(metrics.mean(0), -1, 0)
        pairs = zip(*linear_sum_assignment(-(j + f) / 2), strict=True)
        return [
            _statistics(video, int(column), metrics[:, row, column], annotator)
            for row, column in pairs
        ]


def merge(soft: ArrayLike, background: float = 0.1) -> NDArray[np.uint8]:
    """One label map [H, W] of soft masks [O, H, W] in 0..1, as Ref-DAVIS17's classic protocol does.

    What is below 0.5 becomes 0; the ground has `background` everywhere; the highest wins, of
    equals the first, as with masks of 0 and 1 (SAMWISE inference_davis.py).
    """
    planes = np.asarray(soft, np.float64)
    planes = np.where(planes < 0.5, 0.0, planes)
    ground = np.full((1, *planes.shape[1:]), background)
    return np.concatenate([ground, planes]).argmax(0).astype(np.uint8)


def davis(rows: Sequence[ObjectScore]) -> dict[str, float | None]:
    """DAVIS 2017's table, means over the objects of all videos, 0..1."""
    names = {"J": "j", "F": "f", "J recall": "j_recall", "J decay": "j_decay",
             "F recall": "f_recall", "F decay": "f_decay"}  # fmt: skip
    found = {name: _mean([asdict(one)[key] for one in rows]) for name, key in names.items()}
    j, f = found["J"], found["F"]
    return {"J&F": None if j is None or f is None else (j + f) / 2, **found}


def ref_davis_classic(rows: Sequence[ObjectScore]) -> dict[str, float | None]:
    """The mean over the annotators of each one's `davis` metrics."""
    groups = sorted({one.annotator for one in rows})
    each = [davis([one for one in rows if one.annotator == group]) for group in groups]
    return {name: _mean([one[name] for one in each]) for name in davis([])}


def _scores(truth: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> tuple[float, float]:
    scores = score_masks(truth, prediction)
    return float(scores.j), float(scores.f)


def _statistics(
    video: str, column: int, frames: NDArray[np.float64], annotator: int = 0
) -> ObjectScore:
    """Of J and F [T, 2]. The bounds of the quarters are kept in 8 bits (``db_statistics``), so
    that decay over more than 256 frames compares others, or none: nan.
    """
    bounds = np.round(np.linspace(1, len(frames), 5) + 1e-10) - 1
    first, second, third, last = bounds[[0, 1, 3, 4]].astype(np.int64) % 256
    begin, end = frames[first : second + 1], frames[third : last + 1]
    decay: tuple[float | None, float | None] = (None, None)
    if len(begin) and len(end):
        less = begin.mean(0) - end.mean(0)
        decay = float(less[0]), float(less[1])
    (j, f), (j_recall, f_recall) = frames.mean(0).tolist(), (frames > 0.5).mean(0).tolist()
    return ObjectScore(video, column + 1, j, f, j_recall, f_recall, *decay, annotator)


def _mean(metrics: Sequence[float | None]) -> float | None:
    """None where one of them is, or there are none."""
    known = [figure for figure in metrics if figure is not None]
    return float(np.mean(known)) if known and len(known) == len(metrics) else None
