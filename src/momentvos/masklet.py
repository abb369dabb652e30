"""Which pixels a sentence means: one mask per frame, kept as COCO run-length strings."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from momentvos.errors import ArgumentError, FrameIndexError, PredictionError
from momentvos.guard import takes

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 8192 * 8192
"""Largest mask read from a file."""


class Masklet:
    """Masks of one target through a video, all of one size (height, width).

    A mask is encoded at once, so memory grows with the outline, not with the pixels. Frames
    that were never set, or set to an empty mask, cost nothing and read as zeros.
    """

    @takes("Masklet((height, width))")
    def __init__(self, size: tuple[int, int]) -> None:
        height, width = (operator.index(side) for side in size)
        if min(height, width) < 1:
            raise ArgumentError(f"Masks of {width} x {height} pixels hold nothing.")
        self.size = (height, width)
        self._counts: dict[int, str] = {}
        self._areas: dict[int, int] = {}

    @takes("set(frame, mask) with a whole number and an array [height, width]")
    def set(self, frame: int, mask: NDArray[Any]) -> None:
        """Store a mask, H*W, zero or False = not the target. An empty mask removes the frame's."""
        flags = np.asarray(mask).astype(bool, copy=False)
        if flags.shape != self.size:
            raise ArgumentError(f"The mask is {flags.shape}, those of the masklet are {self.size}.")
        area = int(np.count_nonzero(flags))
        frame = operator.index(frame)
        if frame < 0:
            raise FrameIndexError(f"There is no frame {frame}; they are counted from 0.")
        if area == 0:
            self._counts.pop(frame, None)
            self._areas.pop(frame, None)
            return
        from pycocotools import mask as coco

        encoded = coco.encode(np.asfortranarray(flags.view(np.uint8)))
        self._counts[frame] = encoded["counts"].decode("ascii")
        self._areas[frame] = area

    def set_rle(self, frame: int, counts: str) -> None:
        """Store a mask that is COCO's compressed run-length text; an empty text: no pixel.

        It is checked before COCO's C code sees it. Raises PredictionError where it is none, or
        does not fill the masklet's size.
        """
        area = _area(counts, self.size[0] * self.size[1]) if counts else 0
        if area is None:
            height, width = self.size
            raise PredictionError(
                f"The mask of frame {frame} is not a COCO RLE of {height} x {width} pixels."
            )
        if area:
            self._counts[frame], self._areas[frame] = counts, area
        else:
            self._counts.pop(frame, None)
            self._areas.pop(frame, None)

    @takes("get(frame) with a whole number")
    def get(self, frame: int) -> NDArray[np.bool_]:
        """The mask of a frame, H*W bool; zeros where none was set."""
        counts = self._counts.get(operator.index(frame))
        if counts is None:
            return np.zeros(self.size, dtype=bool)
        from pycocotools import mask as coco

        decoded = coco.decode({"size": list(self.size), "counts": counts.encode("ascii")})
        return np.ascontiguousarray(decoded).view(bool)

    @takes("rle(frame) with a whole number")
    def rle(self, frame: int) -> dict[str, Any] | None:
        """COCO's compressed RLE {"size": [h, w], "counts": text}, or None where empty."""
        counts = self._counts.get(operator.index(frame))
        return None if counts is None else {"size": list(self.size), "counts": counts}

    def frames(self) -> list[int]:
        """Frames with at least one pixel, ascending."""
        return sorted(self._counts)

    @property
    def areas(self) -> dict[int, int]:
        """Pixels per frame, for the frames of `frames()`."""
        return {frame: self._areas[frame] for frame in self.frames()}

    def __len__(self) -> int:
        return len(self._counts)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Masklet):
            return NotImplemented
        return self.size == other.size and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Masklet(size={self.size}, frames={len(self)})"

    @takes("to_json(length) with the number of frames")
    def to_json(self, length: int | None = None) -> list[dict[str, Any] | None]:
        """One COCO RLE or None per frame, as in YouTube-VOS; by default up to the last mask."""
        if length is None:
            length = max(self._counts, default=-1) + 1
        return [self.rle(frame) for frame in range(length)]

    @classmethod
    @takes("Masklet.from_json(masks, (height, width))")
    def from_json(cls, data: Any, size: tuple[int, int]) -> Masklet:
        """Back from `to_json`, for masks of `size` = (height, width).

        Every string is checked before COCO's C code sees it. Raises PredictionError when an
        entry is malformed, has another size or does not fill it.
        """
        if not isinstance(data, list):
            raise PredictionError("The masks must be a list with one RLE or null per frame.")
        if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
            raise PredictionError(f"Masks of {size[0]} x {size[1]} pixels are out of bounds.")
        masklet = cls(size)
        for frame, rle in enumerate(data):
            if rle is None:
                continue
            counts = rle.get("counts") if isinstance(rle, Mapping) else None
            if not isinstance(counts, str) or not counts or rle.get("size") != list(size):
                raise PredictionError(
                    f"The mask of frame {frame} is not a COCO RLE of {size[0]} x {size[1]} pixels."
                )
            masklet.set_rle(frame, counts)
        return masklet


def _area(counts: str, pixels: int) -> int | None:
    """Foreground pixels of a compressed RLE string, or None if it is not one for `pixels`.

    The string holds run lengths as 5-bit groups, low group first, each + 48 as a character,
    0x20 = more groups follow, sign in the last group's 0x10; from the fourth run on the
    difference to the run two before (COCO API, rleFrString).
    """
    runs: list[int] = []
    value = shift = 0
    total = area = 0
    for character in counts:
        group = ord(character) - 48
        if not 0 <= group < 64 or shift > 30:
            return None
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        total += value
        if value < 0 or total > pixels:
            return None
        area += value if len(runs) % 2 else 0
        runs.append(value)
        value = shift = 0
    return area if shift == 0 and total == pixels else None
