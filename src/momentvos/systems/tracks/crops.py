"""Crops of tracks: an object's picture without what is around it, or with a little of that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.15
"""Of the box's longer side, around it."""
GREY = 0.6
"""How far what is around an object fades to grey."""


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a mask's pixels, right and bottom exclusive; not empty."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def around(
    box: tuple[int, int, int, int], size: tuple[int, int], margin: float
) -> tuple[slice, slice]:
    """Rows and columns of a box and a margin around it, in a frame of (height, width)."""
    left, top, right, bottom = box
    more = max(round(margin * max(right - left, bottom - top)), 1)
    rows = slice(max(top - more, 0), min(bottom + more, size[0]))
    return rows, slice(max(left - more, 0), min(right + more, size[1]))


def crop(
    rgb: NDArray[np.uint8], mask: NDArray[np.bool_], margin: float = MARGIN, grey: float = GREY
) -> NDArray[np.uint8]:
    """A frame's part around a mask, uint8 [h, w, 3]; what is outside the mask fades to grey."""
    rows, columns = around(box_of(mask), (rgb.shape[0], rgb.shape[1]), margin)
    part, inside = rgb[rows, columns].astype(np.float32), mask[rows, columns, None]
    faded = part + (128.0 - part) * grey
    return np.where(inside, part, faded).round().astype(np.uint8)
