"""A detection, and what a detector is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detection:
    """What one or several phrases name in a frame.

    Attributes:
        box: (left, top, right, bottom) in pixels of the frame.
        phrases: score 0..1 by phrase that it was detected by, at least one.
        mask: bool [H, W] of the frame, where the detector brings masks.
    """

    box: tuple[float, float, float, float]
    phrases: Mapping[str, float]
    mask: NDArray[np.bool_] | None = None

    @property
    def score(self) -> float:
        """The largest of its scores."""
        return max(self.phrases.values())

    @property
    def area(self) -> float:
        """Pixels of the box."""
        left, top, right, bottom = self.box
        return max(right - left, 0.0) * max(bottom - top, 0.0)

    def overlap(self, other: Detection) -> float:
        """Intersection over union of the boxes."""
        left, top = (max(a, b) for a, b in zip(self.box[:2], other.box[:2], strict=True))
        right, bottom = (min(a, b) for a, b in zip(self.box[2:], other.box[2:], strict=True))
        shared = max(right - left, 0.0) * max(bottom - top, 0.0)
        return shared / max(self.area + other.area - shared, 1e-6)


class Detector(Protocol):
    """Detects what phrases name."""

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        """Detections of each frame, uint8 [H, W, 3] of one size, in any order."""


def inside(box: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """The part of a box in a frame of size (height, width); None where nothing of it is."""
    height, width = size
    left, right = (min(max(float(x), 0.0), float(width)) for x in (box[0], box[2]))
    top, bottom = (min(max(float(y), 0.0), float(height)) for y in (box[1], box[3]))
    return (left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None


def distinct(detections: Sequence[Detection], overlap: float = 0.8) -> list[Detection]:
    """The best first; those that overlap a better one lend it their phrases."""
    kept: list[Detection] = []
    for one in sorted(detections, key=lambda detection: -detection.score):
        for place, other in enumerate(kept):
            if one.overlap(other) > overlap:
                kept[place] = replace(other, phrases={**one.phrases, **other.phrases})
                break
        else:
            kept.append(one)
    return kept
