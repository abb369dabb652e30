"""The outline of a mask as a polygon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 0.6
"""Pixels by which a polygon may leave out corners of the outline."""


def outline(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int] | None:
    """Outline of the largest part, [N, 2] of x and y in pixels, and the number of parts.

    Holes are filled. None where the mask, bool [H, W], is empty.
    """
    from contourpy import contour_generator
    from scipy.ndimage import binary_fill_holes, find_objects, label

    parts, count = label(mask)
    if not count:
        return None
    areas = np.bincount(parts.ravel())
    largest = int(areas[1:].argmax()) + 1
    rows, columns = find_objects(parts, largest)[largest - 1]
    part = np.pad(binary_fill_holes(parts[rows, columns] == largest), 1).astype(np.float64)
    lines = contour_generator(z=part).lines(0.5)
    longest = max((np.asarray(one, np.float64) for one in lines), key=len)
    corner = np.array([columns.start - 0.5, rows.start - 0.5])
    outer = longest + corner
    ring = simplified(outer[:-1], _TOLERANCE)
    return np.clip(ring, 0, (mask.shape[1], mask.shape[0])), count


def simplified(ring: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """A closed line with fewer points, nowhere farther than `tolerance` away (Douglas, Peucker).

    ring: [N, 2] without the first point again. At least three points stay.
    """
    if len(ring) <= 4:
        return ring
    far = int(((ring - ring[0]) ** 2).sum(1).argmax())
    closed = np.vstack([ring, ring[:1]])
    keep = {0, far}
    spans = [(0, far), (far, len(ring))]
    while spans:
        start, end = spans.pop()
        if end - start < 2:
            continue
        inner = closed[start + 1 : end]
        along = closed[end] - closed[start]
        length = float(np.hypot(*along))
        away = inner - closed[start]
        off = (
            np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length
            if length
            else np.hypot(away[:, 0], away[:, 1])
        )
        worst = int(off.argmax())
        if off[worst] > tolerance or len(keep) < 3:
            middle = start + 1 + worst
            keep.add(middle)
            spans += [(start, middle), (middle, end)]
    return ring[sorted(keep)]
