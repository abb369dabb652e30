"""Region similarity J and contour accuracy F of binary masks, as DAVIS 2017 defines them."""

from dataclasses import dataclass

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

    Both metrics are computed inside the box around the two masks, with the tolerance of the
    whole frame, which leaves them unchanged. Raises ValueError where the shapes differ.
    """
    truth, prediction = _checked(truth, prediction)
    frames, size = truth.shape[:-2], truth.shape[-2:]
    radius = tolerance(size)
    j, f = np.ones(frames), np.ones(frames)
    for at in np.ndindex(frames):
        box = _box(truth[at] | prediction[at])
        if box is not None:
            part = np.stack([truth[at][box], prediction[at][box]])
            j[at], f[at] = _score(packed.pack_masks(part, radius), part.shape[1], radius)
    return MaskScores(j, f)


def score_rle(truth: Rle | None, prediction: Rle | None) -> tuple[float, float]:
    """J and F of one frame from COCO run-lengths; None is an empty mask.

    The same metrics as `score_masks`, without decoding a mask. Raises ValueError where the sizes
    differ.
    """
    some = truth or prediction
    if some is None:
        return 1.0, 1.0
    truth, prediction = truth or empty(some["size"]), prediction or empty(some["size"])
    height, width = truth["size"]
    if list(prediction["size"]) != [height, width]:
        raise ValueError(f"a mask of size {prediction['size']} cannot answer {truth['size']}")
    box = boxes(truth, prediction)
    if box is None:
        return 1.0, 1.0
    left, top, right, bottom = box
    box = max(left - 1, 0), max(top - 1, 0), min(right + 1, width), min(bottom + 1, height)
    radius = tolerance((height, width))
    return _score(packed.pack_rle(truth, prediction, box, radius), box[3] - box[1], radius)


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


def _score(pair: packed.Packed, rows: int, radius: int) -> tuple[float, float]:
    """J and F of a packed pair of which one mask, or both, has pixels."""
    j = packed.count(pair[0] & pair[1]) / packed.count(pair[0] | pair[1])
    edges = packed.boundary(pair, rows)
    wanted, found = packed.count(edges[0]), packed.count(edges[1])
    if not wanted or not found:
        return j, float(wanted == found)
    hits = packed.dilate(edges, radius)
    hits &= edges[::-1]
    precision, recall = packed.count(hits[0]) / found, packed.count(hits[1]) / wanted
    return j, 2 * precision * recall / (precision + recall) if precision + recall else 0.0
