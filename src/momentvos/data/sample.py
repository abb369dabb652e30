"""One expression about one video, read lazily: what every data set is turned into."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from momentvos.moment import Moment


@dataclass(frozen=True)
class Target:
    """One object an expression refers to, and when it does (M_i of TGL Eq. 6)."""

    id: str
    moment: Moment


@dataclass(frozen=True)
class Sample(ABC):
    """An expression with its targets. Subclasses read pixels only when asked.

    kind: what tells the target apart ("motion", "sequence", "several", "relation",
    "attribute", "none" for an expression without target, or "" when unknown).
    size: (height, width) in pixels. An expression without target has no `targets`.
    """

    video_id: str
    expression_id: str
    sentence: str
    kind: str
    length: int
    size: tuple[int, int]
    fps: float
    targets: tuple[Target, ...]

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
