"""Pairs of masks packed 64 pixels to a word: boundaries and disks around them in few operations.

A packed pair is uint64 [2, columns, words], C-contiguous; bit b of word w of a column is the
pixel in row 64 w + b of a part of the frame. Zeros end every column, `spare` of them or more, so
that a shift of the whole array by as many bits never reaches a pixel of the next column.
"""

from __future__ import annotations

from math import isqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from momentvos.evaluation.rle import Box, Rle, counts

Packed: TypeAlias = NDArray[np.uint64]

WORD = 64
_ONE = np.uint64(1)


def pack_masks(masks: NDArray[np.bool_], spare: int) -> Packed:
    """Of bool [2, rows, columns]."""
    _, rows, columns = masks.shape
    octets = np.packbits(masks, axis=1, bitorder="little")
    found = np.zeros((2, columns, _words(rows, spare) * 8), np.uint8)
    found[..., : octets.shape[1]] = octets.transpose(0, 2, 1)
    return found.view("<u8").astype(np.uint64, copy=False)


def pack_rle(one: Rle, other: Rle, box: Box, spare: int) -> Packed:
    """What lies inside a box of two masks of one size; nothing of them may lie outside.

    spare: at least 1.
    """
    left, top, right, bottom = box
    rows, columns = bottom - top, right - left
    words = _words(rows, spare)
    length = columns * words * WORD
    turns = np.concatenate([_turns(one, box, words), _turns(other, box, words) + length])
    flat = np.zeros(2 * columns * words, np.uint64)
    np.bitwise_xor.at(flat, turns >> 6, _ONE << (turns & 63).astype(np.uint64))
    found = _fill(flat).reshape(2, columns, words)
    found &= _column(rows, words)
    return found


def boundary(pair: Packed, rows: int) -> Packed:
    """Pixels that differ from the right, lower or lower right one (``seg2bmap`` of DAVIS 2017).

    The last row looks only right, the last column only down, the last pixel at nothing; nothing
    is assumed beyond the frame. rows: height of what is packed.
    """
    below = pair >> _ONE
    below.reshape(-1)[:-1] |= pair.reshape(-1)[1:] << np.uint64(WORD - 1)
    edge = pair ^ below
    edge[:, :-1] |= pair[:, :-1] ^ below[:, 1:]
    edge &= _column(rows - 1, pair.shape[-1])
    edge[:, :-1] |= pair[:, :-1] ^ pair[:, 1:]
    return edge


def dilate(pair: Packed, radius: int) -> Packed:
    """The masks grown by the disk x^2 + y^2 <= radius^2; takes `radius` spare zeros.

    Those zeros mean nothing afterwards.
    """
    columns = pair.shape[1]
    grown, tall, reach = np.zeros_like(pair), pair.copy(), 0
    room = np.empty_like(pair), np.empty_like(pair)
    for away in range(min(radius, columns - 1), -1, -1):
        goal = isqrt(radius**2 - away**2)
        while reach < goal:
            step = min(reach + 1, goal - reach, WORD - 1)  # nothing lies above the first column
            _stretch(tall, step, *room)
            reach += step
        grown[:, away:] |= tall[:, : columns - away]
        if away:
            grown[:, :-away] |= tall[:, away:]
    return grown


def count(mask: Packed) -> int:
    """Pixels of a mask."""
    return int(np.bitwise_count(mask).sum())


def _words(rows: int, spare: int) -> int:
    return -(-(rows + spare) // WORD)


def _column(rows: int, words: int) -> Packed:
    """A column whose first `rows` bits are set."""
    return np.frombuffer(((1 << rows) - 1).to_bytes(words * 8, "little"), "<u8")


def _turns(rle: Rle, box: Box, words: int) -> NDArray[np.int64]:
    """The first bit of each run of the mask, and the bit after its last one, in turn.

    A run that goes on in the next column goes over the spare zeros between.
    """
    left, top, _, _ = box
    height = rle["size"][0]
    edges = counts(rle).cumsum()
    edges = edges[: len(edges) // 2 * 2]
    edges[1::2] -= 1
    column = edges // height
    bits = (column - left) * (words * WORD) + edges - column * height - top
    bits[1::2] += 1
    return bits


def _fill(turns: Packed) -> Packed:
    """Every bit becomes the parity of the turns up to it: within its word, then over all words."""
    moved = np.empty_like(turns)
    for shift in (1, 2, 4, 8, 16, 32):
        turns ^= np.left_shift(turns, np.uint64(shift), out=moved)
    odd = np.bitwise_xor.accumulate(turns >> np.uint64(WORD - 1))
    turns[1:] ^= np.negative(odd[:-1])
    return turns


def _stretch(pair: Packed, step: int, moved: Packed, carried: Packed) -> None:
    """Set also the bits that lie `step` < 64 above or below one that is set; two arrays of room."""
    flat, moved, carried = pair.reshape(-1), moved.reshape(-1), carried.reshape(-1)
    near, far = np.uint64(step), np.uint64(WORD - step)
    np.left_shift(flat, near, out=moved)
    moved[1:] |= np.right_shift(flat[:-1], far, out=carried[:-1])
    moved[:-1] |= np.left_shift(flat[1:], far, out=carried[:-1])
    moved |= np.right_shift(flat, near, out=carried)
    flat |= moved
