"""Region similarity J and contour accuracy F of binary masks, as DAVIS 2017 defines them."""

from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.evaluation import packed
from momentvos.evaluation.rle import Rle, boxes, empty

BOUND = 0.008
"""Boundary tolerance as a fraction of the image diagonal (DAVIS 2017)."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class MaskScores:
    """J and F of each frame, 0..1, float64 arrays of equal shape."""

    j: NDArray[np.float64]
    f: NDArray[np.float64]

    @property
    def jf(self) -> NDArray[np.float64]:
        """J&F of each frame: the mean of J and F."""
        return (self.j + self.f) / 2


def score_masks(truth: Mask, prediction: Mask) -> MaskScores:
    """J and F of every frame of two stacks of masks, bool [..., H, W] each.

    Both figures are computed inside the box around the two masks, with the tolerance of the
    whole frame, which leaves them unchanged. Raises ValueError where the shapes differ.
    """
    truth, prediction = _checked(truth, prediction)
    frames, size = truth.shape[:-2], truth.shape[-2:]
    radius = tolerance(size)
    j, f = np.ones(frames), np.ones(frames)
    for at in np.ndindex(frames):
        box = _box(truth[at] | prediction[at])
        if box is not None:
            one, other = truth[at][box], prediction[at][box]
            j[at], f[at] = _region(one, other), _contour(one, other, radius)
    return MaskScores(j, f)


def score_rle(truth: Rle | None, prediction: Rle | None) -> tuple[float, float]:
    """J and F of one frame from COCO run-lengths; None is an empty mask.

    The same figures as `score_masks`, without decoding more than the box around both masks.
    Raises ValueError where the sizes differ.
    """
    some = truth or prediction
    if some is None:
        return 1.0, 1.0
    truth, prediction = truth or empty(some["size"]), prediction or empty(some["size"])
    if list(truth["size"]) != list(prediction["size"]):
        raise ValueError(f"a mask of size {prediction['size']} cannot answer {truth['size']}")
    box = boxes(truth, prediction)
    if box is None:
        return 1.0, 1.0
    height, width = truth["size"]
    left, top, right, bottom = box
    box = max(left - 1, 0), max(top - 1, 0), min(right + 1, width), min(bottom + 1, height)
    pair = np.stack([packed.pack(truth, box), packed.pack(prediction, box)])
    edges = packed.boundary(pair, box[3] - box[1])
    many_wanted, many_found = packed.count(edges[0]), packed.count(edges[1])
    if many_wanted == 0 or many_found == 0:
        f = float(many_wanted == many_found)
    else:
        hits = packed.dilate(edges, tolerance((height, width))) & edges[::-1]
        f = _f_measure(packed.count(hits[0]) / many_found, packed.count(hits[1]) / many_wanted)
    return packed.count(pair[0] & pair[1]) / packed.count(pair[0] | pair[1]), f


def region_similarity(truth: Mask, prediction: Mask) -> float:
    """J of one frame, bool [H, W] each: intersection over union; 1 where both are empty."""
    return float(score_masks(truth, prediction).j[()])


def contour_accuracy(truth: Mask, prediction: Mask) -> float:
    """F of one frame, bool [H, W] each: F-measure of the two boundaries within the tolerance.

    1 where neither mask has a boundary (a mask that fills the frame has none), 0 where one has.
    """
    return float(score_masks(truth, prediction).f[()])


def tolerance(size: tuple[int, ...]) -> int:
    """How far, in pixels, two boundaries of a frame of size (H, W) may lie apart and match."""
    return int(np.ceil(BOUND * np.linalg.norm(size)))


def boundary(mask: Mask) -> Mask:
    """Boundary pixels of a mask [H, W]: those that differ from the right, lower or diagonal one.

    The last row looks only right, the last column only down, the last pixel at nothing; nothing
    is assumed beyond the frame (``seg2bmap`` of the DAVIS evaluation).
    """
    edge = np.zeros_like(mask)
    edge[:, :-1] = mask[:, :-1] != mask[:, 1:]
    edge[:-1] |= mask[:-1] != mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return edge


def dilate(mask: NDArray[Any], radius: int) -> NDArray[Any]:
    """A mask [H, W] grown by the disk x^2 + y^2 <= radius^2, in about 4 * radius row operations.

    Works on bool, and on unsigned integers whose every bit is a mask of its own.
    """
    height = mask.shape[0]
    grown = np.zeros_like(mask)
    widened, reach = mask.copy(), 0
    for down in range(min(radius, height - 1), -1, -1):
        while reach < isqrt(radius**2 - down**2):
            reach += 1
            widened[:, reach:] |= mask[:, :-reach]
            widened[:, :-reach] |= mask[:, reach:]
        grown[down:] |= widened[: height - down]
        grown[: height - down] |= widened[down:]
    return grown


def _checked(truth: Mask, prediction: Mask) -> tuple[Mask, Mask]:
    if truth.shape != prediction.shape or truth.ndim < 2:
        raise ValueError(f"masks of shape {prediction.shape} cannot answer masks {truth.shape}")
    return truth.astype(bool, copy=False), prediction.astype(bool, copy=False)


def _box(mask: Mask) -> tuple[slice, slice] | None:
    """Rows and columns of the mask and one pixel around it; None where it is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    band = mask[rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(band.any(axis=0))
    return (
        slice(max(int(rows[0]) - 1, 0), int(rows[-1]) + 2),
        slice(max(int(columns[0]) - 1, 0), int(columns[-1]) + 2),
    )


def _region(truth: Mask, prediction: Mask) -> float:
    return np.count_nonzero(truth & prediction) / np.count_nonzero(truth | prediction)


def _contour(truth: Mask, prediction: Mask, radius: int) -> float:
    wanted, found = boundary(truth), boundary(prediction)
    many_wanted, many_found = np.count_nonzero(wanted), np.count_nonzero(found)
    if many_wanted == 0 or many_found == 0:
        return float(many_wanted == many_found)
    both = wanted.view(np.uint8) | (found.view(np.uint8) << 1)
    hits = dilate(both, radius) & ((both << 1) | (both >> 1))
    precision = np.count_nonzero(hits & 1) / many_found
    recall = np.count_nonzero(hits & 2) / many_wanted
    return _f_measure(precision, recall)


def _f_measure(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
