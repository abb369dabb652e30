"""Which things do the frames agree upon? They are followed through the video, the others not.

Not part of the papers. Where each frame is prompted alone, each decides alone, and of things that
look alike one frame marks this and the next one that. But SAM2's memory follows a thing far better
than a sentence tells it from its like in a single frame. So all that is marked anywhere is followed
through the moment, each thing as a lane of its own; every prompted frame votes for the things that
lie where it believes the sentence to be true; and only what comes close to the best is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import Rules, Step, from_anchors, merge, run
from momentvos.sam2 import Prompt, guided_filter
from momentvos.systems.pieces import SMALLEST, Piece, clearest, encode, overlap, pieces, things
from momentvos.systems.reader import FrameReader

SAME = 0.5
"""Lanes whose masks overlap more, by intersection over union, follow the same thing."""
ANCHORS = 4
APART = 3
"""A thing is followed from up to so many frames in which it is clear, so many frames apart."""
PRESENT = 0.3
"""A lane needs a vote of this share of the prompted frames, or no lane has."""
SURE = 0.01
"""Probabilities are kept this far from 0 and 1, so that no frame decides alone."""


class Followed(NamedTuple):
    """A thing in one frame: mask logits along the edges `[h, w]`, how sure it is there (0..1)."""

    frame: int
    logits: Tensor
    sure: float


@dataclass
class Lane:
    """A thing that may be meant: where it was seen best, what the frames say, where it was.

    anchors: the best one first.
    votes: of each prompted frame in which it is, the mean probability inside its mask.
    masks: its run-length encoded masks in those frames.
    """

    anchors: Sequence[Piece]
    votes: list[float] = field(default_factory=list)
    masks: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def vote(self) -> float:
        """Mean log-odds that it is what the sentence means."""
        odds = np.clip(self.votes, SURE, 1 - SURE)
        return float(np.mean(np.log(odds / (1 - odds))))

    def same(self, other: Lane) -> bool:
        """Do both follow the same thing?"""
        frames = self.masks.keys() | other.masks.keys()
        shared = [
            overlap([self.masks[frame]], [other.masks[frame]])[0, 0]
            if frame in self.masks and frame in other.masks
            else 0.0
            for frame in frames
        ]
        return bool(shared) and float(np.mean(shared)) > SAME


@dataclass(frozen=True)
class Consensus:
    """What to do.

    Attributes:
        sam: SAM2.
        reader: its features of the video's frames, without any sentence.
        rules: how the decoder is read.
        candidates: most things followed.
        margin: log-odds by which a thing that the frames doubt may fall behind the best one.
        radius: of the guided filter, 0: none.
    """

    sam: Sam2VideoModel
    reader: FrameReader
    rules: Rules
    candidates: int
    margin: float
    radius: int = 0

    def __call__(self, beliefs: Mapping[int, Tensor], frames: Sequence[int]) -> Iterator[Followed]:
        """The things that the sentence means, in all frames; a frame comes once for each thing.

        Args:
            beliefs: mask logits [h, w] of the prompted frames, in order of frames.
            frames: ascending, the prompted ones among them.
        """
        meant = [lane.anchors for lane in self._elect(beliefs)]
        yield from (followed for _, followed in self._follow(meant, frames))

    def _elect(self, beliefs: Mapping[int, Tensor]) -> list[Lane]:
        found: list[Piece] = []
        odds: dict[int, NDArray[np.float32]] = {}
        for frame, logits in beliefs.items():
            mask = self._inside(self._fine(logits[None], [frame])[0] > 0)
            wide = F.interpolate(logits[None, None].float(), mask.shape, mode="bilinear")
            odds[frame] = wide[0, 0].sigmoid().cpu().numpy()
            found += pieces(frame, mask, odds[frame])
        likely = things(found)[: self.candidates]
        lanes = [Lane(clearest(thing, ANCHORS, APART)) for thing in likely]
        if len(lanes) < 2:
            return lanes
        prompted = sorted(beliefs)
        span = range(prompted[0], prompted[-1] + 1)
        for number, followed in self._follow([lane.anchors for lane in lanes], span):
            if followed.frame not in odds:
                continue
            mask = self._inside(followed.logits > 0)
            if mask.sum() >= SMALLEST * mask.size:
                lanes[number].votes.append(float(odds[followed.frame][mask].mean()))
                lanes[number].masks[followed.frame] = encode(mask)
        return elect(lanes, len(beliefs), self.margin)

    def _follow(
        self, anchors: Sequence[Sequence[Piece]], frames: Sequence[int]
    ) -> Iterator[tuple[int, Followed]]:
        """The thing of each group of anchors in all frames, with the group's number."""
        if not anchors:
            return
        known = [{piece.frame: piece for piece in group} for group in anchors]
        plan = merge(
            from_anchors(
                frames,
                sorted(known[lane]),
                sorted(known[lane]).index(group[0].frame),
                given="mask",
                tracked=None,
                refresh=False,
                lane=lane,
            )
            for lane, group in enumerate(anchors)
        )

        def prompts(steps: Sequence[Step]) -> Prompt:
            masks = np.stack([known[step.lane][step.frame].pixels() for step in steps])[:, None]
            return Prompt(mask=torch.from_numpy(masks).to(self.sam.device, self.sam.dtype))

        def features(steps: Sequence[Step]):  # type: ignore[no-untyped-def]
            return self.reader([step.frame for step in steps])

        for part in run(self.sam, plan, features, prompts, self.rules):
            fine = part.decoded.full if self.radius else part.decoded.logits
            if fine is None:
                fine = self._fine(part.decoded.logits, [step.frame for step in part.steps])
            for step, logits, score in zip(part.steps, fine, part.decoded.score, strict=True):
                seen = known[step.lane].get(step.frame)
                sure = confidence(logits, score) if seen is None else seen.belief
                yield step.lane, Followed(step.frame, logits, sure)

    def _fine(self, logits: Tensor, frames: Sequence[int]) -> Tensor:
        if not self.radius:
            return logits
        return guided_filter(logits, self.reader.pixels(frames), self.radius)

    def _inside(self, mask: Tensor) -> NDArray[np.bool_]:
        """The part of a mask that lies in the picture; the rest of the square is padding."""
        height, width = (
            -(-side * content // self.reader.side)
            for side, content in zip(mask.shape, self.reader.content, strict=True)
        )
        flags = mask.cpu().numpy().copy()
        flags[height:], flags[:, width:] = False, False
        return flags


def confidence(logits: Tensor, score: Tensor) -> float:
    """Probability that the object is in the frame, times that of the mask inside; 0 where empty.

    logits: of the mask, any shape. score: logit of the object score.
    """
    inside = logits[logits > 0]
    return float(score.sigmoid() * inside.sigmoid().mean()) if len(inside) else 0.0


def elect(lanes: Sequence[Lane], voters: int, margin: float) -> list[Lane]:
    """The things that are meant, best first.

    Of lanes that follow the same thing the best stays. A thing is meant if on the whole the frames
    think so (log-odds of at least 0), or if it falls behind the best by no more than the margin.
    """
    seen = [lane for lane in lanes if lane.votes]
    able = [lane for lane in seen if len(lane.votes) >= PRESENT * voters] or seen
    kept: list[Lane] = []
    for lane in sorted(able, key=lambda lane: -lane.vote):
        if not any(lane.same(other) for other in kept):
            kept.append(lane)
    return [lane for lane in kept if lane.vote >= min(kept[0].vote - margin, 0.0)]
