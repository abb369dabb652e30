"""Boxes around masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from momentvos.masklet import Masklet

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


def box_of(masklet: Masklet, frame: int) -> Box | None:
    """The smallest box around a frame's mask, without decoding it; None where it is empty."""
    from pycocotools import mask as coco

    rle = masklet.rle(frame)
    if rle is None:
        return None
    left, top, width, height = coco.toBbox({**rle, "counts": rle["counts"].encode()})
    return int(left), int(top), int(width), int(height)


def runs(masklet: Masklet) -> list[tuple[int, int]]:
    """First and last frame of each stretch of frames with a mask."""
    result: list[tuple[int, int]] = []
    for frame in masklet.frames():
        if result and result[-1][1] == frame - 1:
            result[-1] = (result[-1][0], frame)
        else:
            result.append((frame, frame))
    return result
