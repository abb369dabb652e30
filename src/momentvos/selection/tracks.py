"""Which things do the frames agree upon? They are followed through the video, the others not.

Not part of the papers. Where each frame is prompted alone, each decides alone, and of things that
look alike one frame marks this and the next one that. But SAM2's memory follows a thing far better
than a sentence tells it from its like in a single frame. So all that is marked anywhere is followed
through the moment, each thing as a lane of its own; every prompted frame votes for the things that
lie where it believes the sentence to be true; and only what comes close to the best is kept, or as
many things as the sentence speaks of. A system that can judge things does so in the frames' place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, Plan, Step, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection.components import (
    SMALLEST,
    Piece,
    clearest,
    encode,
    inside,
    overlap,
    pieces,
    things,
)
from momentvos.text import ANY, Number

SAME = 0.5
"""Lanes whose masks overlap more, by intersection over union, follow the same thing; pieces of
which a lane's masks hold more are parts of what it follows."""
ANCHORS = 4
APART = 3
"""A thing is followed from up to so many frames in which it is clear, so many frames apart."""
PRESENT = 0.3
"""A lane needs a vote of this share of the prompted frames, or no lane has."""
SURE = 0.01
"""Probabilities are kept this far from 0 and 1, so that no frame decides alone."""


Masks = Mapping[int, NDArray[np.bool_]]
"""A thing by frame, bool [s, s] of the square that the model sees."""
Judge = Callable[[Sequence[Masks], Sequence[int]], Sequence[Mapping[int, float]]]
"""Told things' masks by frame, and the frames in which they were looked for: log-odds by frame that
each is what the sentence means."""


class Followed(NamedTuple):
    """A thing in one frame: mask logits `[h, w]`, how sure it is there (0..1).

    odds: log-odds that it is what the sentence means, where that is known.
    """

    frame: int
    logits: Tensor
    sure: float
    odds: float | None = None


@dataclass
class Lane:
    """A thing that may be meant: where it was seen best, where it goes, what the frames say.

    anchors: the best one first.
    walk: the rest of the way, which is not walked unless somebody asks.
    passed: what was walked already.
    odds: of each prompted frame in which it is, log-odds that it is what the sentence means.
    heard: the same of all frames of which they are known.
    masks: its run-length encoded masks, in those frames and between them.
    judged: the odds are those of a judge.
    """

    anchors: Sequence[Piece]
    walk: Iterator[Followed] = field(default_factory=lambda: iter(()))
    passed: list[Followed] = field(default_factory=list)
    odds: dict[int, float] = field(default_factory=dict)
    heard: Mapping[int, float] = field(default_factory=dict)
    masks: dict[int, dict[str, Any]] = field(default_factory=dict)
    judged: bool = False

    @property
    def vote(self) -> float:
        """Log-odds that it is what the sentence means, over the prompted frames in which it is.

        Their mean, so that no frame decides alone; of a judge, who has seen the frames together,
        the logarithm of the mean odds, in which frames that know better count for more.
        """
        odds = np.array(list(self.odds.values()))
        if self.judged:
            return float(np.logaddexp.reduce(odds) - math.log(len(odds)))
        return float(odds.mean())

    def same(self, other: Lane) -> bool:
        """Do both follow the same thing?"""
        both = self.masks.keys() & other.masks.keys()
        shared = [overlap([self.masks[one]], [other.masks[one]])[0, 0] for one in both]
        return sum(shared) > SAME * len(self.masks.keys() | other.masks.keys())

    def shows(self, thing: Sequence[Piece]) -> bool:
        """Are these pieces parts of it, in their frames?"""
        shared = [
            inside(piece.mask, self.masks[piece.frame]) if piece.frame in self.masks else 0.0
            for piece in thing
        ]
        return sum(shared) > SAME * len(thing)


@dataclass(frozen=True)
class Consensus:
    """What to do.

    Attributes:
        sam: SAM2.
        reader: its features of the video's frames, without any sentence.
        options: how the decoder is read.
        candidates: most things followed.
        margin: log-odds by which a thing that the frames doubt may fall behind the best one.
        radius: of the guided filter, 0: none.
        number: how many things are meant.
        judge: who says for each frame whether a thing is meant; None: the masks of the frame.
        reach: the judge also sees what a thing does in so many frames before the first prompted
            one and behind the last.
    """

    sam: Sam2VideoModel
    reader: FeatureCache
    options: DecoderOptions
    candidates: int
    margin: float
    radius: int = 0
    number: Number = ANY
    judge: Judge | None = None
    reach: int = 0

    def __call__(self, beliefs: Mapping[int, Tensor], frames: Sequence[int]) -> Iterator[Followed]:
        """The things that the sentence means, in all frames; a frame comes once for each thing.

        Args:
            beliefs: mask logits [h, w] of the prompted frames, in order of frames.
            frames: ascending, the prompted ones among them.
        """
        for lane in self._elect(beliefs, frames):
            given = {piece.frame: piece for piece in lane.anchors}
            for one in chain(lane.passed, lane.walk):
                logits = self._edged(one, given.get(one.frame))
                yield one._replace(logits=logits, odds=lane.heard.get(one.frame))

    def _elect(self, beliefs: Mapping[int, Tensor], frames: Sequence[int]) -> list[Lane]:
        """The lanes that are meant, each followed from the first prompted frame to the last."""
        found: list[Piece] = []
        for frame, logits in beliefs.items():
            mask = self._inside(self.reader.fine(logits[None], [frame], self.radius)[0] > 0)
            found += pieces(frame, mask, _probability(logits, mask.shape))
        first, last = min(beliefs) - self.reach, max(beliefs) + self.reach
        near = [frame for frame in frames if first <= frame <= last]
        lanes: list[Lane] = []
        masks: list[Masks] = []
        for thing in things(found):
            if len(lanes) == self.candidates:
                break
            if not any(lane.shows(thing) for lane in lanes):
                lane, seen = self._follow(thing, near, frames)
                lanes.append(lane)
                masks.append(seen)
        votes = self._odds(masks, beliefs) if self.judge is None else self.judge(masks, near)
        for lane, odds in zip(lanes, votes, strict=True):
            lane.heard = odds
            lane.odds = {frame: odds[frame] for frame in sorted(odds.keys() & beliefs.keys())}
        return elect(lanes, len(beliefs), self.margin, self.number)

    def _follow(
        self, thing: Sequence[Piece], near: Sequence[int], frames: Sequence[int]
    ) -> tuple[Lane, Masks]:
        """Follow a thing through all that lies between prompted frames, and near; its masks."""
        anchors = clearest(thing, ANCHORS, APART)
        judged = self.judge is not None
        lane = Lane(anchors, self._walk(anchors, frames, set(near)), judged=judged)
        seen: dict[int, NDArray[np.bool_]] = {}
        for one in islice(lane.walk, len(near)):
            lane.passed.append(one)
            mask = self._inside(self._square(one.logits) > 0)
            if mask.sum() >= SMALLEST * mask.size:
                seen[one.frame] = mask
                lane.masks[one.frame] = encode(mask)
        return lane, seen

    def _odds(
        self, things: Sequence[Masks], beliefs: Mapping[int, Tensor]
    ) -> list[dict[int, float]]:
        """Log-odds of the mean probability inside things' masks, by prompted frame."""
        return [
            {
                frame: _log_odds(float(_probability(beliefs[frame], mask.shape)[mask].mean()))
                for frame, mask in seen.items()
                if frame in beliefs
            }
            for seen in things
        ]

    def _walk(
        self, anchors: Sequence[Piece], frames: Sequence[int], first: Container[int]
    ) -> Iterator[Followed]:
        """A thing in all frames, with its coarse logits; those among `first` come first."""
        known = {piece.frame: piece for piece in anchors}
        order = sorted(known)
        plan = both_ways(frames, order, order.index(anchors[0].frame))
        # Both ways from the anchors, neither of which reads of the other.
        plan = Plan(tuple(sorted(plan.stages, key=lambda stage: stage[0].frame not in first)))

        def prompts(steps: Sequence[Step]) -> Prompt:
            masks = np.stack([known[step.frame].pixels() for step in steps])[:, None]
            return Prompt(mask=torch.from_numpy(masks).to(self.sam.device, self.sam.dtype))

        def features(steps: Sequence[Step]) -> Pyramid:
            return self.reader([step.frame for step in steps])

        for part in run(self.sam, plan, features, prompts, self.options):
            for step, logits, score in zip(
                part.steps, part.decoded.logits, part.decoded.score, strict=True
            ):
                given = known.get(step.frame)
                sure = confidence(logits, score) if given is None else given.belief
                yield Followed(step.frame, logits, sure)

    def _edged(self, one: Followed, given: Piece | None) -> Tensor:
        """Mask logits along the picture's edges; where the mask was given, that one."""
        if not self.radius:
            return one.logits
        if given is not None:
            return torch.from_numpy(given.pixels()).to(one.logits) * 20 - 10
        return self.reader.fine(one.logits[None], [one.frame], self.radius)[0]

    def _square(self, logits: Tensor) -> Tensor:
        side = self.reader.side if self.radius else len(logits)
        return _wide(logits, (side, side))

    def _inside(self, mask: Tensor) -> NDArray[np.bool_]:
        """The part of a mask that lies in the picture; the rest of the square is padding."""
        height, width = (
            -(-side * content // self.reader.side)
            for side, content in zip(mask.shape, self.reader.content, strict=True)
        )
        flags = mask.cpu().numpy().copy()
        flags[height:], flags[:, width:] = False, False
        return flags


def _wide(logits: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Logits `[h, w]` in another size."""
    return F.interpolate(logits[None, None].float(), shape, mode="bilinear")[0, 0]


def _probability(logits: Tensor, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return _wide(logits, shape).sigmoid().cpu().numpy()


def _log_odds(probability: float) -> float:
    sure = min(max(probability, SURE), 1 - SURE)
    return math.log(sure / (1 - sure))


def confidence(logits: Tensor, score: Tensor) -> float:
    """Probability that the object is in the frame, times that of the mask inside; 0 where empty.

    logits: of the mask, any shape. score: logit of the object score.
    """
    inside = logits[logits > 0]
    return float(score.sigmoid() * inside.sigmoid().mean()) if len(inside) else 0.0


def elect(lanes: Sequence[Lane], voters: int, margin: float, number: Number = ANY) -> list[Lane]:
    """The things that are meant, best first.

    Of lanes that follow the same thing the best stays. A thing is meant if on the whole the frames
    think so (log-odds of at least 0), or if it falls behind the best by no more than the margin.
    If these are fewer or more than `number` says, the best of that number are.
    """
    seen = [lane for lane in lanes if lane.odds]
    able = [lane for lane in seen if len(lane.odds) >= PRESENT * voters] or seen
    kept: list[Lane] = []
    for lane in sorted(able, key=lambda lane: -lane.vote):
        if not any(lane.same(other) for other in kept):
            kept.append(lane)
    meant = sum(lane.vote >= min(kept[0].vote - margin, 0.0) for lane in kept)
    return kept[: min(max(meant, number.least), number.most or len(kept))]
