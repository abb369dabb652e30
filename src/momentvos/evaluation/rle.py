"""COCO run-length masks without decoding them: their runs and the box around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rle: TypeAlias = Mapping[str, Any]
"""COCO's compressed RLE: {"size": [h, w], "counts": str or bytes}."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom lie outside."""


def counts(rle: Rle) -> NDArray[np.int64]:
    """Lengths of the runs of ground and mask in turn, down the columns; ground first.

    COCO's text holds each number in groups of five bits, low ones first, with 0x20 for "more
    follow" and a sign in the last; from the fourth on they are differences to the last but one.
    """
    text = rle["counts"]
    codes = np.frombuffer(text.encode("ascii") if isinstance(text, str) else text, np.uint8)
    groups = codes.astype(np.int64) - 48
    last = np.flatnonzero((groups & 0x20) == 0)
    length = np.diff(last, prepend=-1)
    values = groups & 0x1F
    if len(last) < len(groups):
        first = last - length + 1
        shift = 5 * (np.arange(len(groups)) - np.repeat(first, length))
        values = np.add.reduceat(values << shift, first)
    values -= (groups[last] & 0x10) << (5 * length - 4)
    values[1::2] = values[1::2].cumsum()
    values[2::2] = values[2::2].cumsum()
    return values


def boxes(one: Rle, other: Rle) -> Box | None:
    """The box around both masks, None where both are empty."""
    from pycocotools import mask as coco

    found = coco.toBbox([encoded(one), encoded(other)]).astype(np.int64)
    found = found[found[:, 2] > 0]
    if not len(found):
        return None
    left, top = found[:, :2].min(0)
    right, bottom = (found[:, :2] + found[:, 2:]).max(0)
    return int(left), int(top), int(right), int(bottom)


def empty(size: Sequence[int]) -> Rle:
    """A frame of (height, width) without a mask."""
    from pycocotools import mask as coco

    whole: Rle = coco.frPyObjects({"size": list(size), "counts": [size[0] * size[1]]}, *size)
    return whole


def encoded(rle: Rle) -> dict[str, Any]:
    """As COCO's own functions take it, counts in bytes."""
    text = rle["counts"]
    return {
        "size": list(rle["size"]),
        "counts": text.encode("ascii") if isinstance(text, str) else text,
    }
