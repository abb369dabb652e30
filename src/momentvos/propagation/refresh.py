"""When an anchor is trusted more than the track that reaches it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from torch import Tensor

from momentvos.propagation.bank import Bank
from momentvos.propagation.step import Step

UNTRACKED = 2.0
"""Confidence of a track without frames: no anchor can exceed it."""


@dataclass(frozen=True)
class Refresh:
    """MomentSeg's update rule (section on Bidirectional Anchor-updated Propagation).

    A track's confidence S is the product of its frames' object probabilities since it was last
    refreshed. An anchor with object probability p that the track meets clears the recent
    memories around itself where S < ratio * p.

    Attributes:
        ratio: 0.9 in the released code.
        radius: frames on either side of the anchor whose recent memories go; 7, as many as SAM2
            has temporal slots, in the released code.
    """

    ratio: float = 0.9
    radius: int = 7

    def due(self, track: float, anchor: float) -> bool:
        """Whether an anchor of probability `anchor` clears what a track of confidence S left."""
        return track < self.ratio * anchor


@dataclass
class Tracks:
    """The confidence of every walk under way; a lane walks in each direction on its own."""

    rule: Refresh
    _anchors: dict[tuple[int, int], float] = field(default_factory=dict)
    _walks: dict[tuple[int, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def meet(self, step: Step, bank: Bank) -> bool:
        """Let each anchor of `step.refresh` clear the bank where it is due; whether any did."""
        cleared = False
        for frame in step.refresh:
            walk = self._walks[_walk(step)]
            track = prod(walk) if walk else UNTRACKED
            if self.rule.due(track, self._anchors[step.lane, frame]):
                bank.clear(step.lane, _around(frame, self.rule.radius, step))
                walk.clear()
                cleared = True
        return cleared

    def note(self, steps: Sequence[Step], scores: Tensor) -> None:
        """Keep the object score logits [N] of finished steps."""
        for step, score in zip(steps, scores.detach().sigmoid().tolist(), strict=True):
            if step.write == "conditioning":
                self._anchors[step.lane, step.frame] = score
            elif step.read is not None:
                self._walks[_walk(step)].append(score)


def _walk(step: Step) -> tuple[int, str]:
    return step.lane, step.read.order if step.read else ""


def _around(frame: int, radius: int, step: Step) -> range:
    first, last = frame - radius, frame + radius
    if step.read is not None and step.read.within is not None:
        first, last = max(first, step.read.within[0]), min(last, step.read.within[1])
    return range(first, last + 1)
