"""Refresh rule: when an anchor clears the memories of the track that reaches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from momentvos.propagation import Bank, Step
from momentvos.sam2 import Decoded

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


class RefreshHook:
    """The update rule at work in one run: the confidence of every track so far.

    An object is tracked in each direction on its own.

    Args:
        rule: when an anchor clears.
    """

    def __init__(self, rule: Refresh) -> None:
        self.rule = rule
        self._anchors: dict[tuple[int, int], float] = {}
        self._tracks: dict[tuple[int, str], float] = {}

    def before(self, step: Step, bank: Bank) -> None:
        """Let each anchor of `step.met` clear the bank where it is due."""
        for frame in step.met:
            confidence = self._tracks.get(_track(step), UNTRACKED)
            if self.rule.due(confidence, self._anchors[step.obj_id, frame]):
                bank.clear(step.obj_id, _around(frame, self.rule.radius, step))
                self._tracks.pop(_track(step), None)

    def after(self, steps: Sequence[Step], decoded: Decoded) -> None:
        """Keep the object probabilities of anchors and tracked frames."""
        scores = decoded.score.detach().sigmoid().tolist()
        for step, score in zip(steps, scores, strict=True):
            if step.write == "conditioning":
                self._anchors[step.obj_id, step.frame] = score
            elif step.read is not None:
                self._tracks[_track(step)] = self._tracks.get(_track(step), 1.0) * score

    def state(self) -> dict[str, Any]:
        """See `momentvos.propagation.hook.Resumable`."""
        return {
            name: [[*key, value] for key, value in one.items()]
            for name, one in (("anchors", self._anchors), ("tracks", self._tracks))
        }

    def restore(self, values: dict[str, Any]) -> None:
        """See `momentvos.propagation.hook.Resumable`."""
        self._anchors = {(int(a), int(b)): float(value) for a, b, value in values["anchors"]}
        self._tracks = {(int(a), str(b)): float(value) for a, b, value in values["tracks"]}


def _track(step: Step) -> tuple[int, str]:
    return step.obj_id, step.read.order if step.read else ""


def _around(frame: int, radius: int, step: Step) -> range:
    first, last = frame - radius, frame + radius
    if step.read is not None and step.read.within is not None:
        first, last = max(first, step.read.within[0]), min(last, step.read.within[1])
    return range(first, last + 1)
