"""SAM2 at work on the objects of a plan, prompted by detections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection import mask_confidence
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.held import Held

Prompts = Mapping[int, Mapping[int, Held]]
"""By number of an object, what it was detected as, by keyframe."""


class Seen(NamedTuple):
    """An object in a frame: mask [H, W], and how sure it is, 0..1."""

    number: int
    frame: int
    mask: NDArray[np.bool_]
    confidence: float


@dataclass(frozen=True)
class Segmenter:
    """SAM2 on one video.

    Attributes:
        sam: SAM2.
        cache: its features of the video.
        options: how the decoder is read.
        radius: of the guided filter on masks, 0: none.
    """

    sam: Sam2VideoModel
    cache: FeatureCache
    options: DecoderOptions
    radius: int = 0

    def run(
        self,
        plan: Plan,
        detected: Prompts,
        masks: Mapping[tuple[int, int], NDArray[np.bool_]],
    ) -> Iterator[Seen]:
        """Every step's mask.

        Args:
            plan: of steps that detections or masks prompt.
            detected: what prompts the objects.
            masks: by object and frame, prompts that no detection gave.
        """

        def features(steps: Sequence[Step]) -> Pyramid:
            return self.cache([step.frame for step in steps])

        def prompts(steps: Sequence[Step]) -> Prompt:
            places = [(step.obj_id, step.frame) for step in steps]
            if steps[0].prompt == "box":
                return self._boxes([detected[row][frame].box for row, frame in places])
            given = [
                masks[row, frame] if (row, frame) in masks else detected[row][frame].mask
                for row, frame in places
            ]
            return Prompt(mask=self._squares([one for one in given if one is not None]))

        for part in run(self.sam, plan, features, prompts, self.options):
            frames = [step.frame for step in part.steps]
            fine = self.cache.fine(part.decoded.logits, frames, self.radius)
            rows = zip(part.steps, part.decoded.logits, fine, part.decoded.score, strict=True)
            for step, logits, edged, score in rows:
                given = detected[step.obj_id].get(step.frame)
                if given is not None and (shape := given.mask) is not None:
                    yield Seen(step.obj_id, step.frame, shape, given.box.score)
                    continue
                sure = float(score.float().sigmoid()) * mask_confidence(logits)
                mask = (self.cache.full(edged) > 0).cpu().numpy()
                yield Seen(step.obj_id, step.frame, mask, sure)

    def masks(self, frame: int, detections: Sequence[Detection]) -> list[NDArray[np.bool_]]:
        """What each detection of a frame covers."""
        boxed = [number for number, one in enumerate(detections) if one.mask is None]
        masks = {n: one.mask for n, one in enumerate(detections) if one.mask is not None}
        given = {number: {frame: Held.of(detections[number])} for number in boxed}
        plan = Plan((tuple(Step(frame, "plain", "box", obj_id=number) for number in boxed),))
        masks |= {seen.number: seen.mask for seen in self.run(plan, given, {})}
        return [masks[number] for number in range(len(detections))]

    def _boxes(self, detections: Sequence[Detection]) -> Prompt:
        corners = torch.tensor([one.box for one in detections], device=self.sam.device)
        boxes = self.cache.to_square(corners.reshape(-1, 2, 2)).reshape(-1, 4)
        return Prompt(boxes=boxes.to(self.sam.dtype))

    def _squares(self, masks: Sequence[NDArray[np.bool_]]) -> Tensor:
        """Masks of frames as SAM2 takes them, 0 and 1 [N, 1, S, S]."""
        stacked = torch.from_numpy(np.stack(masks)[:, None]).to(self.sam.device)
        side = (self.cache.side, self.cache.side)
        shape = F.interpolate(stacked.float(), side, mode="bilinear", antialias=True)
        return (shape >= 0.5).to(self.sam.dtype)
