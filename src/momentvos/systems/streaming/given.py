"""What a caller points at in a frame, by a mask or a box, followed from there on as SAM2 does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from momentvos.errors import ArgumentError
from momentvos.media.frame_pixels import is_array, to_numpy
from momentvos.propagation import Read, Step
from momentvos.ranges import shown
from momentvos.sam2 import Prompt
from momentvos.systems.streaming.recent import RecentFrames
from momentvos.systems.streaming.session import Due, Follower

FORWARDS = Read(6, "previous", None, slots="distance", reach=6, pointer_reach=15, passed=True)
"""As SAM2 tracks forwards, see :func:`momentvos.propagation.both_ways`."""


@dataclass(frozen=True, eq=False)
class Given:
    """A mask, bool [H, W], or a box (left, top, right, bottom) in pixels, of one frame."""

    mask: NDArray[np.bool_] | None = None
    box: tuple[float, float, float, float] | None = None

    @classmethod
    def of(cls, mask: Any, box: Any) -> Given | None:
        """What a caller gives; None where that is nothing. Raises ArgumentError."""
        if mask is None and box is None:
            return None
        if mask is not None and box is not None:
            raise ArgumentError("Give a mask or a box, not both.")
        if mask is not None:
            pixels = to_numpy(mask) if is_array(mask) else None
            if pixels is None or pixels.ndim != 2 or not pixels.astype(bool).any():
                raise ArgumentError(
                    f"`mask` is an array [height, width] that covers the object, not {shown(mask)}."
                )
            return cls(mask=pixels.astype(bool))
        try:
            left, top, right, bottom = (float(side) for side in box)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"`box` is (left, top, right, bottom) in pixels, not {shown(box)}."
            ) from None
        if not (0 <= left < right < float("inf") and 0 <= top < bottom < float("inf")):
            raise ArgumentError(
                f"The box {shown(box)} is none: write (left, top, right, bottom) in pixels."
            )
        return cls(box=(left, top, right, bottom))

    def check(self, size: tuple[int, int]) -> None:
        """Raise ArgumentError for what does not lie in a frame of (height, width)."""
        height, width = size
        if self.mask is not None and self.mask.shape != size:
            raise ArgumentError(
                f"The mask is {self.mask.shape[1]} x {self.mask.shape[0]} pixels, the frames are "
                f"{width} x {height}."
            )
        if self.box is not None and (self.box[2] > width or self.box[3] > height):
            raise ArgumentError(
                f"The box {self.box} reaches out of the frame of {width} x {height} pixels."
            )


class GivenFollower(Follower):
    """An object that is given in its first frame; every later one reads the memories behind it.

    The first mask is a conditioning memory, which all frames read.
    """

    delay = 0
    presence = 1.0
    reads = FORWARDS

    def __init__(self, obj_id: int, label: str, given: Given, start: int) -> None:
        self.text, self.given = label, given
        self._obj_id, self._start, self._next = obj_id, start, start
        self._waiting: deque[int] = deque()

    @property
    def needs(self) -> int:
        """See `Follower`."""
        return self._waiting[0] if self._waiting else self._next

    def push(self, frame: int) -> None:
        """See `Follower`."""
        self._next = frame + 1
        self._waiting.append(frame)

    def finish(self) -> None:
        """See `Follower`: no frame waits for another."""

    def next(self) -> Due | None:
        """See `Follower`; whether a frame is in the moment, its mask says."""
        if not self._waiting:
            return None
        frame = self._waiting.popleft()
        if frame == self._start:
            kind = "box" if self.given.mask is None else "mask"
            step = Step(frame, "plain", kind, None, "conditioning", self._obj_id)  # type: ignore[arg-type]
        else:
            step = Step(frame, "plain", None, self.reads, "recent", self._obj_id)
        return Due(frame, 1.0, None, step)


def prompts(frames: RecentFrames, given: Sequence[Given]) -> Prompt:
    """The prompt of some objects that are all given in the same way."""
    if given[0].mask is not None:
        masks = [frames.to_square(one.mask) for one in given if one.mask is not None]
        return Prompt(mask=torch.cat(masks))
    boxes = torch.tensor([one.box for one in given if one.box is not None])
    scale = torch.tensor(frames.scale).repeat(2)
    return Prompt(boxes=(boxes * scale).to(frames.sam.device))
