"""Masks packed 64 pixels to a word: boundaries and their tolerance in a few dozen word operations.

A packed mask is uint64 [..., columns, words]; bit b of word w in a column is the pixel in row
64 w + b, as COCO's run-lengths go down the columns.
"""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from momentvos.evaluation.rle import Box, Rle, counts

Packed = NDArray[np.uint64]

_ONE = np.uint64(1)
_LAST = np.uint64(63)


def pack(rle: Rle, box: Box) -> Packed:
    """The mask inside a box, [right - left, words]; nothing of it may lie outside."""
    left, top, right, bottom = box
    height, words = rle["size"][0], (bottom - top) // 64 + 1
    edges = counts(rle).cumsum()
    last = edges[1::2] - 1
    first = edges[::2][: len(last)]
    # A bit for every pixel where a column's value turns; runs over several columns are cut there.
    columns = last // height - first // height
    if columns.any():
        first, last = _cut(first, last, columns, height)
    turns = np.zeros((right - left, words), np.uint64)
    for place, down in ((first, first % height - top), (last, last % height - top + 1)):
        at = (place // height - left, down >> 6)
        np.bitwise_xor.at(turns, at, _ONE << (down & 63).astype(np.uint64))
    return _fill(turns)


def _cut(
    first: NDArray[np.int64], last: NDArray[np.int64], columns: NDArray[np.int64], height: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Runs within one column each, in place of runs that go on in the next `columns`."""
    parts = np.maximum(columns, 0) + 1
    nth = np.arange(parts.sum()) - np.repeat(parts.cumsum() - parts, parts)
    column = np.repeat(first // height, parts) + nth
    start = np.maximum(np.repeat(first, parts), column * height)
    stop = np.minimum(np.repeat(last, parts), column * height + height - 1)
    return start, stop


def _fill(turns: Packed) -> Packed:
    """Every bit becomes the parity of the turns up to it, down each column."""
    for shift in (1, 2, 4, 8, 16, 32):
        turns ^= turns << np.uint64(shift)
    if turns.shape[-1] > 1:
        odd = np.bitwise_xor.accumulate(turns >> _LAST, axis=-1)[..., :-1]
        turns[..., 1:] ^= np.uint64(0) - odd
    return turns


def boundary(mask: Packed, rows: int) -> Packed:
    """Pixels that differ from the one below, to the right, or diagonally below; see `masks`.

    rows: height of the box, whose last row looks only right.
    """
    below = _up(mask)
    inner = np.zeros(mask.shape[-1], np.uint64)
    inner[: (rows - 1) // 64] = ~np.uint64(0)
    inner[(rows - 1) // 64] = (_ONE << np.uint64((rows - 1) % 64)) - _ONE
    edge = (mask ^ below) & inner
    edge[..., :-1, :] |= mask[..., :-1, :] ^ mask[..., 1:, :]
    edge[..., :-1, :] |= (mask[..., :-1, :] ^ below[..., 1:, :]) & inner
    return edge


def dilate(mask: Packed, radius: int) -> Packed:
    """The mask grown by the disk x^2 + y^2 <= radius^2; bits may go beyond the box's last row."""
    columns = mask.shape[-2]
    grown = np.zeros_like(mask)
    widened, reach = mask.copy(), 0
    for away in range(min(radius, columns - 1), -1, -1):
        while reach < isqrt(radius**2 - away**2):
            reach += 1
            widened |= _up(widened) | _down(widened)
        grown[..., away:, :] |= widened[..., : columns - away, :]
        grown[..., : columns - away, :] |= widened[..., away:, :]
    return grown


def count(mask: Packed) -> int:
    """Pixels of a mask."""
    return int(np.bitwise_count(mask).sum())


def _up(mask: Packed) -> Packed:
    moved = mask >> _ONE
    moved[..., :-1] |= mask[..., 1:] << _LAST
    return moved


def _down(mask: Packed) -> Packed:
    moved = mask << _ONE
    moved[..., 1:] |= mask[..., :-1] >> _LAST
    return moved
