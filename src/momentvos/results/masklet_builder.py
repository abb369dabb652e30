"""A masklet and its confidence, filled frame by frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from momentvos.masklet import Masklet


class MaskletBuilder:
    """The union of one sentence's objects in each frame.

    Attributes:
        masklet: of the video's size.
        scores: largest confidence of an object per frame, 0..1.
        visible: per frame, whether an object that is present has any pixels.

    Args:
        size: (height, width) of the video.
        length: frames of the video.
        progress: called with the number of frames that have a mask so far.
    """

    def __init__(
        self, size: tuple[int, int], length: int, progress: Callable[[int], None] | None = None
    ) -> None:
        self.masklet = Masklet(size)
        self.scores = [0.0] * length
        self.visible = [False] * length
        self._progress = progress
        self._done: set[int] = set()

    def add(
        self, frame: int, mask: NDArray[np.bool_], confidence: float, present: bool = True
    ) -> None:
        """Add an object's mask `[H, W]` to a frame.

        confidence: of the mask, 0..1. present: whether the object score says that it is there.
        """
        self.masklet.set(frame, mask | self.masklet.get(frame))
        self.scores[frame] = max(self.scores[frame], confidence)
        self.visible[frame] |= present and bool(mask.any())
        self._done.add(frame)
        if self._progress is not None:
            self._progress(len(self._done))
