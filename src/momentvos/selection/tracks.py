"""Candidates tracked through the video as objects of one memory each."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, Plan, Step, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Pyramid
from momentvos.selection.candidates import mask_prompts, resized
from momentvos.selection.components import SMALLEST, Component, anchors, containment, encode, iou

SAME = 0.5
"""Tracks whose masks overlap more, by intersection over union, follow the same object; components
of which a track's masks hold more are parts of it."""
ANCHORS = 4
APART = 3
"""An object is tracked from up to so many frames in which it is clear, so many frames apart."""


class TrackedMask(NamedTuple):
    """A track in one frame: mask logits `[h, w]` and their confidence, 0..1.

    log_odds: of its being what the sentence means there, where a selector scored it.
    """

    frame: int
    logits: Tensor
    confidence: float
    log_odds: float | None = None


@dataclass
class Track:
    """A tracked candidate: its masks, and its scores against the sentence.

    Attributes:
        anchors: the components that it is tracked from, the best one first.
        walk: masks of the remaining frames, computed when they are iterated over.
        walked: masks that were computed already.
        scores: log-odds by frame of its being what the sentence means.
        votes: the same in candidate frames alone.
        score: the votes, pooled by the selector.
        masks: run-length encoded masks of the frames near the candidates.
    """

    anchors: Sequence[Component]
    walk: Iterator[TrackedMask] = field(default_factory=lambda: iter(()))
    walked: list[TrackedMask] = field(default_factory=list)
    scores: Mapping[int, float] = field(default_factory=dict)
    votes: Mapping[int, float] = field(default_factory=dict)
    score: float = 0.0
    masks: dict[int, dict[str, Any]] = field(default_factory=dict)

    def same(self, other: Track) -> bool:
        """Whether both follow the same object."""
        both = self.masks.keys() & other.masks.keys()
        shared = [iou([self.masks[one]], [other.masks[one]])[0, 0] for one in both]
        return bool(sum(shared) > SAME * len(self.masks.keys() | other.masks.keys()))

    def covers(self, chain: Sequence[Component]) -> bool:
        """Whether these components are parts of it, in their frames."""
        shared = [
            containment(one.mask, self.masks[one.frame]) if one.frame in self.masks else 0.0
            for one in chain
        ]
        return sum(shared) > SAME * len(chain)

    def vote(
        self,
        scores: Mapping[int, float],
        candidates: Container[int],
        pool: Callable[[Sequence[float]], float],
    ) -> None:
        """Take a selector's log-odds by frame."""
        self.scores = scores
        self.votes = {frame: scores[frame] for frame in sorted(scores) if frame in candidates}
        self.score = pool(list(self.votes.values())) if self.votes else 0.0


@dataclass(frozen=True)
class Tracker:
    """SAM2 by memory alone, from components' masks.

    Attributes:
        sam: SAM2.
        cache: its features of the video's frames, without any sentence.
        options: how the decoder is read.
        radius: of the guided filter on masks, 0: none.
    """

    sam: Sam2VideoModel
    cache: FeatureCache
    options: DecoderOptions
    radius: int = 0

    def track(
        self, chain: Sequence[Component], near: Sequence[int], frames: Sequence[int]
    ) -> tuple[Track, dict[int, NDArray[np.bool_]]]:
        """Track a chain of components through the frames `near`; the rest of `frames` can wait.

        Returns the track, and its masks in the frames near in which it is large enough.
        """
        chosen = anchors(chain, ANCHORS, APART)
        track = Track(chosen, self._walk(chosen, frames, set(near)))
        masks: dict[int, NDArray[np.bool_]] = {}
        for one in islice(track.walk, len(near)):
            track.walked.append(one)
            mask = self.cache.inside(self._square(one.logits) > 0)
            if mask.sum() >= SMALLEST * mask.size:
                masks[one.frame] = mask
                track.masks[one.frame] = encode(mask)
        return track, masks

    def fine(self, track: Track, one: TrackedMask) -> Tensor:
        """Mask logits along the picture's edges; at an anchor the component's own mask."""
        if not self.radius:
            return one.logits
        for component in track.anchors:
            if component.frame == one.frame:
                return torch.from_numpy(component.pixels()).to(one.logits) * 20 - 10
        return self.cache.fine(one.logits[None], [one.frame], self.radius)[0]

    def _walk(
        self, chosen: Sequence[Component], frames: Sequence[int], first: Container[int]
    ) -> Iterator[TrackedMask]:
        """All frames, with coarse logits; those among `first` come first."""
        given = {component.frame: component for component in chosen}
        order = sorted(given)
        plan = both_ways(frames, order, order.index(chosen[0].frame), given="mask", tracked=None)
        # Neither direction reads of the other, so that the near frames of both can come first.
        plan = Plan(tuple(sorted(plan.stages, key=lambda stage: stage[0].frame not in first)))

        def features(steps: Sequence[Step]) -> Pyramid:
            return self.cache([step.frame for step in steps])

        like = torch.empty(0, device=self.sam.device, dtype=self.sam.dtype)
        for part in run(self.sam, plan, features, mask_prompts(given, like), self.options):
            for step, logits, score in zip(
                part.steps, part.decoded.logits, part.decoded.score, strict=True
            ):
                anchor = given.get(step.frame)
                sure = float(score.float().sigmoid()) * mask_confidence(logits)
                yield TrackedMask(step.frame, logits, sure if anchor is None else anchor.confidence)

    def _square(self, logits: Tensor) -> Tensor:
        side = self.cache.side if self.radius else len(logits)
        return resized(logits, (side, side))


def mask_confidence(logits: Tensor) -> float:
    """Mean probability inside a mask, 0 where it is empty; logits of any shape."""
    inside = logits[logits > 0]
    return float(inside.float().sigmoid().mean()) if len(inside) else 0.0
