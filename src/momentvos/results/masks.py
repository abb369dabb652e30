"""The masks of a prediction, frame by frame: a view of its masklet."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from momentvos.errors import ArgumentError, FrameIndexError
from momentvos.guard import takes
from momentvos.masklet import Masklet
from momentvos.ranges import shown

MOST_BYTES = 4 << 30
"""Largest array that is made of masks, unless a caller asks for more."""

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are the first ones outside."""


class Masks:
    """One mask per frame of the video, bool [H, W], decoded when it is asked for.

    `masks[3]`, `masks[-1]` and `masks[2:5]` (bool [3, H, W]), `len(masks)` and `for mask in masks`
    work as in a list; a frame outside the video raises FrameIndexError, which is an IndexError.
    """

    def __init__(self, masklet: Masklet, length: int) -> None:
        self._masklet, self._length = masklet, length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int | slice) -> NDArray[np.bool_]:
        if isinstance(index, slice):
            try:
                return self._stack(range(self._length)[index], MOST_BYTES)
            except (TypeError, ValueError):
                raise FrameIndexError(f"{shown(index)} is no slice of frames.") from None
        return self._masklet.get(self._number(index))

    def __iter__(self) -> Iterator[NDArray[np.bool_]]:
        return map(self._masklet.get, range(self._length))

    @takes("array(most=bytes)")
    def array(self, most: int = MOST_BYTES) -> NDArray[np.bool_]:
        """All masks, bool [T, H, W].

        most: bytes that it may have, one a pixel. Raises ArgumentError where it would have more;
        iterate, or take a slice.
        """
        return self._stack(range(self._length), most)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """As `array`, so that numpy takes them for one."""
        return self.array().astype(dtype or bool, copy=False)

    def boxes(self) -> list[Box | None]:
        """The box around each frame's mask, None where it is empty.

        Whole pixels (left, top, right, bottom), `frame[top:bottom, left:right]` being the part.
        """
        return [self.box(frame) for frame in range(self._length)]

    def box(self, frame: int) -> Box | None:
        """The box around a frame's mask, see `boxes`."""
        rle = self._masklet.rle(self._number(frame))
        if rle is None:
            return None
        from pycocotools import mask as coco

        left, top, width, height = (round(float(value)) for value in coco.toBbox(rle))
        return left, top, left + width, top + height

    def areas(self) -> list[int]:
        """Pixels of each frame's mask."""
        known = self._masklet.areas
        return [known.get(frame, 0) for frame in range(self._length)]

    def __repr__(self) -> str:
        height, width = self._masklet.size
        return (
            f"<{self._length} masks of {width} x {height} pixels, {len(self._masklet)} with a "
            "target>"
        )

    def _number(self, index: Any) -> int:
        try:
            number = operator.index(index)
        except TypeError:
            raise FrameIndexError(
                f"{shown(index)} is no frame number; give a whole number or a slice."
            ) from None
        if not -self._length <= number < self._length:
            raise FrameIndexError(
                f"There is no frame {shown(number)}; the video has frames 0 to {self._length - 1}."
            )
        return number % self._length

    def _stack(self, frames: range, most: int) -> NDArray[np.bool_]:
        check_bytes(len(frames), self._masklet.size, most)
        made = np.zeros((len(frames), *self._masklet.size), dtype=bool)
        for row, frame in enumerate(frames):
            made[row] = self._masklet.get(frame)
        return made


def check_bytes(count: int, size: tuple[int, int], most: int) -> None:
    """Raise ArgumentError where `count` masks of `size` (height, width) take more bytes."""
    if count * size[0] * size[1] > most:
        total = count * size[0] * size[1]
        raise ArgumentError(
            f"{count} masks of {size[1]} x {size[0]} pixels take {total / 1e9:.1f} GB; iterate "
            f"over them, take a slice, or allow it: masks.array(most={total})."
        )
