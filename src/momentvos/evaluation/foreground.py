"""Every object that any sentence about a video means: what ReVOS's robustness is relative to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.data.sample import Sample
from momentvos.evaluation.revos import Robustness
from momentvos.masklet import Masklet


class Foregrounds:
    """Of all videos; the frames of one of them are kept, as run-lengths.

    videos: all sentences about each (VISA ``generate_foreground_mask.py``).
    """

    def __init__(self, videos: Sequence[Sequence[Sample]]) -> None:
        self._videos = {group[0].video_id: group for group in videos}
        self._video, self._frames = "", Masklet((1, 1))
        self._drawn: set[int] = set()

    def score(self, sample: Sample, answer: Masklet) -> dict[str, float]:
        """R and A of an answer in every encoding, by name. Raises DataError for a broken truth."""
        found = Robustness()
        for frame in range(sample.length):
            covered = np.zeros(sample.size, np.uint8)
            if sample.targets:
                covered = sample.masks([frame])[:, 0].sum(axis=0, dtype=np.uint8)
            found.add(covered, answer.get(frame), self._foreground(sample, frame))
        return found.extra()

    def _foreground(self, sample: Sample, frame: int) -> NDArray[np.bool_]:
        if self._video != sample.video_id:
            self._video, self._frames = sample.video_id, Masklet(sample.size)
            self._drawn = set()
        if frame not in self._drawn:
            self._frames.set(frame, self._draw(frame))
            self._drawn.add(frame)
        return self._frames.get(frame)

    def _draw(self, frame: int) -> NDArray[Any]:
        group = self._videos[self._video]
        union = np.zeros(group[0].size, dtype=bool)
        seen: set[str] = set()
        for sample in group:
            new = {target.id for target in sample.targets} - seen
            if new:
                union |= sample.masks([frame])[:, 0].any(axis=0)
                seen |= new
        return union
