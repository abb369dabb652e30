"""Polygons to pixels with the outline included, as OpenCV's ``fillPoly`` draws them.

Whole-number corners. A pixel belongs to the polygon where the even-odd rule says so at its row
(whole columns between two crossings), or where an edge, drawn as a line of
connected pixels, passes through it (OpenCV, ``drawing.cpp``: ``CollectPolyEdges``,
``FillEdgeCollection``, ``LineIterator``). ``polylines`` of thickness 1 adds nothing to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_ONE = 1 << 16

Point = tuple[int, int]


def fill(points: Sequence[Point], size: tuple[int, int]) -> np.ndarray:
    """Pixels of a polygon with corners (x, y), bool [H, W]; corners may lie outside."""
    mask = np.zeros(size, dtype=bool)
    for start, end in zip([points[-1], *points[:-1]], points, strict=True):
        _line(mask, start, end)
    _inside(mask, points)
    return mask


def _inside(mask: np.ndarray, points: Sequence[Point]) -> None:
    height, width = mask.shape
    corners = np.array(points, dtype=np.int64)
    ends = np.stack([np.roll(corners, 1, axis=0), corners], axis=1)
    ends = ends[ends[:, 0, 1] != ends[:, 1, 1]]
    seen = np.array([_seen(mask.shape, one) for one in ends], dtype=np.int64).reshape(-1, 2, 2)
    rise, run = ((seen[:, 1, k] - seen[:, 0, k]) for k in (0, 1))
    rise = rise * _ONE
    slope = np.sign(rise) * np.sign(run) * (np.abs(rise) // np.abs(run))  # C's, toward zero
    first, last = ends[:, :, 1].min(axis=1), ends[:, :, 1].max(axis=1)
    upper = np.where(ends[:, 0, 1] < ends[:, 1, 1], 0, 1)
    at_seen = seen[np.arange(len(seen)), upper]
    start = at_seen[:, 0] * _ONE + (first - at_seen[:, 1]) * slope
    top, bottom = max(int(corners[:, 1].min()), 0), min(int(corners[:, 1].max()), height)
    for y in range(top, bottom):
        crossed = (first <= y) & (y < last)
        at = start[crossed] + slope[crossed] * (y - first[crossed])
        at.sort()
        lefts, rights = (at[::2] + _ONE - 1) >> 16, at[1::2] >> 16
        for left, right in zip(lefts, rights, strict=True):
            if left < width and right >= 0:
                mask[y, max(left, 0) : right + 1] = True


def _seen(size: tuple[int, ...], ends: np.ndarray) -> np.ndarray | tuple[Point, Point]:
    """The part of an edge inside the picture, where it has one of some height."""
    (x1, y1), (x2, y2) = ends.tolist()
    start, end, _ = _clip(size, (x1, y1), (x2, y2))
    return ends if start[1] == end[1] else (start, end)


def _line(mask: np.ndarray, start: Point, end: Point) -> None:
    """The pixels of Bresenham's line, from the left end to the right one."""
    *ends, inside = _clip(mask.shape, start, end)
    if not inside:
        return
    (x1, y1), (x2, y2) = sorted(ends)
    dx, dy = x2 - x1, abs(y2 - y1)
    down = 1 if y2 >= y1 else -1
    if dx == dy == 0:
        mask[y1, x1] = True
        return
    steps = np.arange(max(dx, dy) + 1)
    less, more = min(dx, dy), max(dx, dy)
    aside = np.maximum(-((more - 2 * less * steps) // (2 * more)), 0)
    if dx >= dy:
        mask[y1 + down * aside, x1 + steps] = True
    else:
        mask[y1 + down * steps, x1 + aside] = True


def _clip(size: tuple[int, ...], start: Point, end: Point) -> tuple[Point, Point, bool]:
    """A line cut to the picture at whole pixels, first in height; whether any of it is inside.

    A line that misses the picture may come back half cut (``clipLine``).
    """
    right, bottom = size[1] - 1, size[0] - 1
    (x1, y1), (x2, y2) = start, end
    if not (_both(y1, y2, bottom) or _both(x1, x2, right)):
        if side := _beyond(y1, bottom):
            edge = bottom if side > 0 else 0
            x1, y1 = x1 + int((edge - y1) * (x2 - x1) / (y2 - y1)), edge
        if side := _beyond(y2, bottom):
            edge = bottom if side > 0 else 0
            x2, y2 = x2 + int((edge - y2) * (x2 - x1) / (y2 - y1)), edge
        if not _both(x1, x2, right):
            if side := _beyond(x1, right):
                edge = right if side > 0 else 0
                x1, y1 = edge, y1 + int((edge - x1) * (y2 - y1) / (x2 - x1))
            if side := _beyond(x2, right):
                edge = right if side > 0 else 0
                x2, y2 = edge, y2 + int((edge - x2) * (y2 - y1) / (x2 - x1))
    inside = not any((_beyond(x1, right), _beyond(x2, right), _beyond(y1, bottom)))
    return (x1, y1), (x2, y2), inside and not _beyond(y2, bottom)


def _beyond(value: int, last: int) -> int:
    """-1 below 0, 1 above `last`, 0 between."""
    return (value > last) - (value < 0)


def _both(one: int, other: int, last: int) -> bool:
    return _beyond(one, last) == _beyond(other, last) != 0
