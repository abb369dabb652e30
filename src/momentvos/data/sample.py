"""One expression about one video or picture, read lazily: what every data set is turned into."""

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

    id: the data set's own; "" where a moment is known, but no object.
    """

    id: str
    moment: Moment


@dataclass(frozen=True)
class Sample(ABC):
    """An expression with its targets. Subclasses read pixels only when asked.

    kind: what tells the target apart ("motion", "sequence", "several", "relation",
    "attribute", "none" for an expression without target, or "" when unknown).
    size: (height, width) in pixels. An expression without target has no `targets`. A picture is
    a video of `length` 1.

    What is known beside the sentence:
    annotated: the masks; without them `masks` raises DataError. timed: the moment; without it
    every target's is the whole video, the usual stand-in. A sample with neither has no ground
    truth. seconds: the moment as the data set says it, where it speaks of seconds.
    path: the video file, where there is one; `length` frames at `fps` are then a grid over it.
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

    @abstractmethod
    def frames(self, indices: Sequence[int]) -> Any:
        """RGB frames, uint8 [N, H, W, 3], in the order of `indices` (repeats allowed)."""

    @abstractmethod
    def masks(self, indices: Sequence[int]) -> Any:
        """Visible pixels of each target, bool [O, N, H, W], objects in `targets` order."""

    def ignored(self, indices: Sequence[int]) -> Any:
        """Pixels that count neither way (DAVIS's void, ReasonSeg's "ignore"), bool [N, H, W]."""
        import numpy as np

        return np.zeros((len(indices), *self.size), dtype=bool)

    def rle(self, index: int) -> dict[str, Any] | None:
        """The frame's union of all targets as COCO's RLE, None where it is empty."""
        from momentvos.masklet import Masklet

        union = Masklet(self.size)
        if self.targets:
            union.set(0, self.masks([index])[:, 0].any(axis=0))
        return union.rle(0)
