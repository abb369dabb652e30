"""A masklet and its confidence, filled frame by frame."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from momentvos.masklet import Masklet
from momentvos.results.record import State


class MaskletBuilder:
    """The union of one sentence's objects in each frame.

    Attributes:
        masklet: of the video's size.
        scores: largest confidence of an object per frame, 0..1.
        count: frames that have a mask so far, empty ones too.
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
        self.scores = array("d", bytes(8 * length))
        self.visible = [False] * length
        self._progress = progress
        self.count = 0
        self._done = bytearray(length)
        self._changed = bytearray(length)
        self._fresh = bytearray(length)

    def add(
        self, frame: int, mask: NDArray[np.bool_], confidence: float, present: bool = True
    ) -> None:
        """Add an object's mask `[H, W]` to a frame.

        confidence: of the mask, 0..1. present: whether the object score says that it is there.
        """
        self.masklet.set(frame, mask | self.masklet.get(frame))
        self.scores[frame] = max(self.scores[frame], confidence)
        self.visible[frame] |= present and bool(mask.any())
        self.count += not self._done[frame]
        self._done[frame] = True
        self._changed[frame] = self._fresh[frame] = True
        if self._progress is not None:
            self._progress(self.count)

    def fresh(self) -> list[int]:
        """Frames whose masks have come since this was asked the last time, ascending."""
        return _taken(self._fresh)

    def changes(self) -> State:
        """What was added since this was asked the last time, to be kept."""
        import torch

        frames = _taken(self._changed)
        rows = [self.masklet.rle(frame) for frame in frames]
        values = {
            "frames": frames,
            "masks": ["" if row is None else row["counts"] for row in rows],
            "visible": [frame for frame in frames if self.visible[frame]],
        }
        scores = torch.tensor([self.scores[frame] for frame in frames], dtype=torch.float64)
        return State(values, {"scores": scores})

    def restore(self, state: State) -> None:
        """Take over what `changes` gave. Raises PredictionError, ValueError or IndexError where it
        is something else.
        """
        values = state.values
        scores = state.tensors["scores"].tolist()
        rows = zip(values["frames"], values["masks"], scores, strict=True)
        visible = set(values["visible"])
        for frame, counts, score in rows:
            if not 0 <= frame < len(self._done):
                raise IndexError(f"there is no frame {frame}")
            self.masklet.set_rle(frame, counts)
            self.scores[frame], self.visible[frame] = score, frame in visible
            self.count += not self._done[frame]
            self._done[frame] = True
            self._fresh[frame] = True


def _taken(flags: bytearray) -> list[int]:
    """Places of the flags that are set, ascending; none is afterwards."""
    places = []
    place = flags.find(1)
    while place >= 0:
        places.append(place)
        flags[place] = False
        place = flags.find(1, place + 1)
    return places
