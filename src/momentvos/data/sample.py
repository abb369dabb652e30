"""One expression about one video or image, read lazily: the common form of all data sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from momentvos.moment import Moment


@dataclass(frozen=True)
class Target:
    """One object an expression refers to, and when it does (M_i of TGL Eq. 6).

    id: the data set's own object id; "" where a moment is known, but no object.
    """

    id: str
    moment: Moment


@dataclass(frozen=True)
class Sample(ABC):
    """An expression with its targets. Subclasses read pixels on demand.

    Attributes:
        kind: what distinguishes the target ("motion", "sequence", "several", "relation",
            "attribute", "none" for an expression without target, or "" when unknown).
        length: number of frames; an image is a video of length 1.
        size: (height, width) in pixels.
        fps: frames per second.
        targets: objects that the expression refers to; empty for an expression without target.
        annotated: whether masks are known; without them `masks` raises DataError.
        timed: whether moments are known; without them every target's moment is the whole video.
        seconds: the moment in seconds, where the data set states it so.
        path: the video file, where there is one; the frames are then a grid over it at `fps`.
    """

    video_id: str
    expression_id: str
    sentence: str
    kind: str
    length: int
    size: tuple[int, int]
    fps: float
    targets: tuple[Target, ...]
    annotated: bool = field(default=True, kw_only=True)
    timed: bool = field(default=True, kw_only=True)
    seconds: tuple[tuple[float, float], ...] | None = field(default=None, kw_only=True)
    path: Path | None = field(default=None, kw_only=True)

    @property
    def moment(self) -> Moment:
        """M+: every frame in which the expression holds for at least one target."""
        return reduce(or_, (target.moment for target in self.targets), Moment.empty())

    @property
    def counted(self) -> Sequence[int]:
        """Frames that an evaluation counts: all, but for data sets that annotate fewer."""
        return range(self.length)

    @abstractmethod
    def frames(self, indices: Sequence[int]) -> Any:
        """RGB frames, uint8 [N, H, W, 3], in the order of `indices` (repeats allowed)."""

    @abstractmethod
    def masks(self, indices: Sequence[int]) -> Any:
        """Visible pixels of each target, bool [O, N, H, W], objects in `targets` order."""

    def ignored(self, indices: Sequence[int]) -> Any:
        """Void pixels, left out of evaluation (ReasonSeg: "ignore"), bool [N, H, W]."""
        import numpy as np

        return np.zeros((len(indices), *self.size), dtype=bool)

    def rle(self, index: int) -> dict[str, Any] | None:
        """Union of all targets in a frame as COCO RLE, None where it is empty."""
        from momentvos.masklet import Masklet

        union = Masklet(self.size)
        if self.targets:
            union.set(0, self.masks([index])[:, 0].any(axis=0))
        return union.rle(0)
