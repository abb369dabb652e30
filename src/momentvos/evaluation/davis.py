"""DAVIS 2017's two ways of scoring label maps, and Ref-DAVIS17's classic protocol on top of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentvos.evaluation.masks import score_masks

VOID = 255
PROPOSALS = 20


@dataclass
class Unsupervised:
    """A video scored as DAVIS 2017 unsupervised does, one frame at a time.

    Every object is paired with one proposal so that the mean J&F is highest; further proposals
    are free, missing ones earn 0. All frames count; pixels labelled 255 in the truth do not.

    objects: of the truth, labelled 1..objects; the official program takes the largest label of the
    first frame. proposals: largest label of any prediction, at most 20.
    """

    objects: int
    proposals: int
    _j: list[NDArray[np.float64]] = field(default_factory=list)
    _f: list[NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.proposals > PROPOSALS:
            raise ValueError(f"{self.proposals} proposals; DAVIS allows {PROPOSALS}")

    def add(self, truth: ArrayLike, prediction: ArrayLike) -> None:
        """One frame's label maps [H, W]. Raises ValueError for a proposal beyond `proposals`."""
        wanted, found = np.asarray(truth), np.asarray(prediction)
        if found.max(initial=0) > self.proposals:
            raise ValueError(f"label {found.max()} in a prediction of {self.proposals} proposals")
        kept = wanted != VOID
        rows = max(self.proposals, self.objects)
        j, f = np.zeros((rows, self.objects)), np.zeros((rows, self.objects))
        for row in range(rows):
            one = (found == row + 1) & kept if row < self.proposals else np.zeros_like(kept)
            for column in range(self.objects):
                j[row, column], f[row, column] = _scores(wanted == column + 1, one)
        self._j.append(j)
        self._f.append(f)

    def scores(self) -> list[tuple[float, float]]:
        """Mean J and F over the frames of every object's proposal, in the proposals' order."""
        from scipy.optimize import linear_sum_assignment

        j, f = np.mean(self._j, axis=0), np.mean(self._f, axis=0)
        pairs = zip(*linear_sum_assignment(-(j + f) / 2), strict=True)
        return [(float(j[pair]), float(f[pair])) for pair in pairs]


def semi_supervised(
    truth: Sequence[ArrayLike], prediction: Sequence[ArrayLike], objects: int
) -> list[tuple[float, float]]:
    """Mean J and F of objects 1..objects over label maps [H, W] of a video; its first and its last
    frame do not count (DAVIS 2017 semi-supervised).
    """
    figures = []
    for label in range(1, objects + 1):
        rows = [
            _scores(np.asarray(one) == label, np.asarray(other) == label)
            for one, other in zip(truth[1:-1], prediction[1:-1], strict=True)
        ]
        j, f = np.mean(rows, axis=0)
        figures.append((float(j), float(f)))
    return figures


def merge(soft: ArrayLike, background: float = 0.1) -> NDArray[np.uint8]:
    """One label map [H, W] of soft masks [O, H, W] in 0..1, as Ref-DAVIS17's classic protocol does.

    What is below 0.5 becomes 0; the ground has `background` everywhere; the highest wins, of
    equals the first (SAMWISE inference_davis.py).
    """
    planes = np.asarray(soft, np.float64)
    planes = np.where(planes < 0.5, 0.0, planes)
    ground = np.full((1, *planes.shape[1:]), background)
    return np.concatenate([ground, planes]).argmax(0).astype(np.uint8)


def ref_davis_classic(annotators: Sequence[Sequence[tuple[float, float]]]) -> dict[str, float]:
    """Mean J, F and J&F over the annotators; of each the objects' (J, F) of all videos."""
    each = [np.mean(list(objects), axis=0) for objects in annotators]
    j, f = np.mean(each, axis=0)
    return {"J": float(j), "F": float(f), "J&F": float((j + f) / 2)}


def _scores(truth: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> tuple[float, float]:
    scores = score_masks(truth, prediction)
    return float(scores.j), float(scores.f)
