"""The heat-map system on a video: points on keyframes, tracked both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from momentvos.moment import Moment, midpoints
from momentvos.propagation import Plan, Step, both_ways
from momentvos.sam2 import Prompt
from momentvos.systems.session import Grounded, InferenceSession, Progress, Search

if TYPE_CHECKING:
    from heatmap_system.model import HeatmapModel


class HeatmapSession(InferenceSession):
    """See `InferenceSession`; all sentences share a frame's features.

    keyframes: per sentence, ascending. strength: per frame, each sentence's largest heat [L], 0..1.
    points: per frame, its hottest and coldest point [L, 2, 2], (x, y) in pixels of SAM2's square.
    """

    model: HeatmapModel
    method = "CLIPSeg heat maps, SAM2 from points"

    def ground(self, progress: Progress | None = None) -> list[Grounded]:
        """Heat of keyframes, on straight lines between them; a given moment holds them all."""
        everything = Moment.all(len(self.video))
        spans = [everything if one is None else one & everything for one in self.moments]
        count, words = self.config.keyframes, self.model.read(self.sentences)
        self.keyframes = [midpoints((span or everything).frames(), count) for span in spans]
        self.strength: dict[int, list[float]] = {}
        self.points: dict[int, Tensor] = {}
        frames = sorted(set().union(*self.keyframes))
        for done, frame in enumerate(frames, start=1):
            heat = self.model.heat(self.cache.pixels([frame]), words)
            self.strength[frame] = heat.amax((1, 2)).tolist()
            self.points[frame] = _extremes(heat) * self.cache.side
            if progress is not None:
                progress("grounding", done, len(frames))
        made = []
        for row, span in enumerate(spans):
            known = [self.strength[frame][row] for frame in self.keyframes[row]]
            curve = np.interp(range(len(self.video)), self.keyframes[row], known).tolist()
            moment = Moment.from_relevance(curve, self.config.relevance_threshold)
            made.append(Grounded(tuple(curve), moment, max(known) if span else 0.0))
        return made

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """From the keyframes of the moment to both ends, beginning at the strongest."""
        anchors = self._anchors(row, grounded)
        best = max(range(len(anchors)), key=lambda place: self.strength[anchors[place]][row])
        return both_ways(range(len(self.video)), anchors, best, given="points", obj_id=row)

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """The hottest point is the object's, the coldest the background's."""
        points = torch.stack([self.points[step.frame][step.obj_id] for step in steps])
        return Prompt(points=points, labels=torch.tensor([[1, 0]]).expand(len(steps), -1))

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """See `InferenceSession`; candidates come from points, and so from keyframes."""
        usual = super().search(row, grounded, trained)
        return usual._replace(frames=self._anchors(row, grounded))

    def candidate_step(self, row: int, frame: int) -> Step:
        """See `InferenceSession`."""
        return Step(frame, prompt="points", obj_id=row)

    def _anchors(self, row: int, grounded: Grounded) -> list[int]:
        """Keyframes of the moment; the strongest of all where it has none."""
        known, moment = self.keyframes[row], grounded.moment or Moment.empty()
        strongest = max(known, key=lambda frame: self.strength[frame][row])
        return [frame for frame in known if frame in moment] or [strongest]


def _extremes(heat: Tensor) -> Tensor:
    """Where maps [L, h, w] are largest and smallest: [L, 2, 2] as (x, y), 0..1."""
    height, width = heat.shape[1:]
    places = torch.stack([heat.flatten(1).argmax(1), heat.flatten(1).argmin(1)], dim=1)
    return torch.stack([(places % width + 0.5) / width, (places // width + 0.5) / height], dim=-1)
