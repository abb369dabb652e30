"""Masks as Label Studio's brush stores them.

The mask is a picture of four channels, row by row, coded by thi.ng's rle-pack: 32 bits for the
number of values, 5 for the size of a value less 1, four times 4 for the sizes of counts less 1;
then per run a bit that is set, 2 for which size its count has, the count less 1, and the value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIZES = (3, 4, 8, 16)
_VALUE_BITS = 8
_CHANNELS = 4


def brush_rle(mask: NDArray[np.bool_]) -> list[int]:
    """Bytes of a mask, bool [H, W]."""
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], edges])
    counts = np.diff(np.concatenate([starts, [len(flat)]])) * _CHANNELS
    bits = [f"{len(flat) * _CHANNELS:032b}", f"{_VALUE_BITS - 1:05b}"]
    bits += [f"{size - 1:04b}" for size in _SIZES]
    most = 1 << _SIZES[-1]
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        value = "1" * _VALUE_BITS if flat[start] else "0" * _VALUE_BITS
        while count:
            part = min(count, most)
            kind = next(kind for kind, size in enumerate(_SIZES) if part <= 1 << size)
            bits.append(f"1{kind:02b}{part - 1:0{_SIZES[kind]}b}{value}")
            count -= part
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))
