"""Candidates tracked through the video as objects of one memory each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import (
    Bank,
    Checkpoint,
    DecoderOptions,
    Plan,
    Step,
    both_ways,
    in_step,
    run,
)
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.propagation.lifetime import Expiry
from momentvos.results.record import State
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection.components import (
    SMALLEST,
    Component,
    anchors,
    containment,
    encode_all,
    iou,
    read_stored,
    stored,
)

SAME = 0.5
"""Tracks whose masks overlap more, by intersection over union, follow the same object; components
of which a track's masks hold more are parts of it."""
ANCHORS = 4
REACH, POINTER_REACH = 6, 15
"""Frames within which a track reads memories, and pointers."""
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
        walked: masks of the frames near the candidates.
        scores: log-odds by frame of its being what the sentence means.
        votes: the same in candidate frames alone.
        score: the votes, pooled by the selector.
        masks: run-length encoded masks of the frames near the candidates.
    """

    anchors: Sequence[Component]
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


class Wanted(NamedTuple):
    """What is to be tracked: a chain of components, through the frames `near` them at once and
    through the rest of `frames` where that is asked for.
    """

    chain: Sequence[Component]
    near: Sequence[int]
    frames: Sequence[int]


class _Way(NamedTuple):
    """Frames near, and all frames, each without gaps."""

    near: Sequence[int]
    frames: Sequence[int]


@dataclass(frozen=True)
class Tracker:
    """SAM2 by memory alone, from components' masks.

    Attributes:
        sam: SAM2.
        cache: its features of the video's frames, without any sentence.
        options: how the decoder is read.
        radius: of the guided filter on masks, 0: none.
        after_batch: called after each batch of masks, which are given out much later.
    """

    sam: Sam2VideoModel
    cache: FeatureCache
    options: DecoderOptions
    radius: int = 0
    after_batch: Callable[[], None] | None = None

    def track(self, wanted: Sequence[Wanted]) -> Walk:
        """Track chains of components in step through the frames near them."""
        walk = Walk(self)
        walk.start(wanted)
        return walk

    def fine(self, rows: Sequence[tuple[Sequence[Component], TrackedMask]]) -> list[Tensor]:
        """Mask logits along the picture's edges; at an anchor the component's own mask.

        rows: each with the anchors of its track.
        """
        made = [one.logits for _, one in rows]
        if not self.radius:
            return made
        filtered: list[int] = []
        for row, (own_anchors, one) in enumerate(rows):
            own = [part for part in own_anchors if part.frame == one.frame]
            if own:
                made[row] = torch.from_numpy(own[0].pixels()).to(one.logits) * 20 - 10
            else:
                filtered.append(row)
        if filtered:
            logits = torch.stack([made[row] for row in filtered])
            frames = [rows[row][1].frame for row in filtered]
            fine = self.cache.fine(logits, frames, self.radius)
            for row, one_logits in zip(filtered, fine, strict=True):
                made[row] = one_logits
        return made

    def masks(self, logits: Tensor) -> NDArray[np.bool_]:
        """Masks [N, s, s] of the part of SAM2's square that lies in the frame."""
        side = self.cache.side if self.radius else logits.shape[-1]
        size = (side, side)
        full = F.interpolate(logits[:, None].float(), size, mode="bilinear")[:, 0]
        return self.cache.inside(full > 0)


class Walk:
    """Several tracks on their way through the video, in step.

    Those that start from the same masks and go through the same frames are one.

    Attributes:
        tracks: one for each that is wanted, walked through the frames near.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.tracks: list[Track] = []
        self._of: dict[int, int] = {}
        self._given: dict[tuple[int, int], Component] = {}
        self._bank = Bank(tracker.sam.config.num_maskmem)
        self._walked: dict[int, Track] = {}
        self._ways: dict[int, _Way] = {}

    def start(self, wanted: Sequence[Wanted]) -> None:
        """Track what is wanted through the frames near."""
        numbers: dict[Any, int] = {}
        for place, one in enumerate(wanted):
            chosen = anchors(one.chain, ANCHORS, APART)
            masks = tuple((part.frame, part.mask["counts"]) for part in chosen)
            number = numbers.setdefault((masks, *map(tuple, one[1:])), len(self._walked))
            if number == len(self._walked):
                self._add(number, chosen, _Way(one.near, one.frames))
            first = self._walked[number]
            self.tracks.append(Track(chosen, first.walked, masks=first.masks))
            self._of[place] = number
        for rows in self._run(list(self._walked), near=True):
            self._note(rows)

    def keep(self, places: Collection[int]) -> None:
        """Forget all tracks but some, by their places."""
        self._of = {place: self._of[place] for place in places}
        for number in self._walked.keys() - set(self._of.values()):
            self._bank.drop(number)
            del self._walked[number], self._ways[number]

    def rest(self, checkpoint: Checkpoint | None = None) -> Iterator[list[tuple[int, TrackedMask]]]:
        """Masks of the tracks, by their places, in the remaining frames; to be asked for once."""
        of: dict[int, list[int]] = {}
        for place, number in self._of.items():
            of.setdefault(number, []).append(place)
        for rows in self._run(list(of), near=False, checkpoint=checkpoint):
            yield [(place, one) for number, one in rows for place in of[number]]

    def state(self, bank: bool) -> State:
        """What `rest` needs, to be kept. bank: its memories too; else its checkpoint has them."""
        tracks = []
        for number, way in self._ways.items():
            parts = [
                (one.frame, stored(one.mask), one.area, one.confidence)
                for one in self._walked[number].anchors
            ]
            ends = [(row[0], row[-1]) for row in way]
            tracks.append({"number": number, "anchors": parts, "ways": ends})
        places = [list(pair) for pair in self._of.items()]
        made = State({"tracks": tracks, "places": places})
        return made.add("bank", self._bank.state()) if bank else made

    @classmethod
    def restored(cls, tracker: Tracker, state: State) -> Walk:
        """A walk whose `rest` is what is left of it."""
        values, walk = state.values, cls(tracker)
        for track in values["tracks"]:
            chosen = [
                Component(int(frame), read_stored(mask), int(area), float(confidence))
                for frame, mask, area, confidence in track["anchors"]
            ]
            near, frames = (range(int(first), int(last) + 1) for first, last in track["ways"])
            walk._add(int(track["number"]), chosen, _Way(near, frames))
        walk._of = {int(place): int(number) for place, number in values["places"]}
        if "bank" in values:
            walk._bank.restore(state.part("bank"), tracker.sam.no_memory_embedding)
        return walk

    def _add(self, number: int, chosen: Sequence[Component], way: _Way) -> None:
        self._walked[number], self._ways[number] = Track(chosen), way
        self._given |= {(number, part.frame): part for part in chosen}

    def _run(
        self, numbers: Sequence[int], near: bool, checkpoint: Checkpoint | None = None
    ) -> Iterator[list[tuple[int, TrackedMask]]]:
        """Masks of tracks by their numbers, near the candidates or in all other frames."""
        plans, borders = [], {}
        for number in numbers:
            way = self._ways[number]
            plans.append(_plan(self._walked[number].anchors, way, number, near))
            if near and len(way.near) < len(way.frames):
                borders[number] = (way.near[0], way.near[-1])

        def kept(entry: Expiry) -> bool:
            border = borders.get(entry.obj_id)
            if border is None:
                return False
            anchor = (entry.obj_id, entry.frame) in self._given
            reach = POINTER_REACH if entry.pointer else REACH
            return anchor or min(abs(entry.frame - end) for end in border) < reach

        yield from self._masks(in_step(plans), kept, checkpoint)

    def _masks(
        self, plan: Plan, kept: Callable[[Expiry], bool], checkpoint: Checkpoint | None
    ) -> Iterator[list[tuple[int, TrackedMask]]]:
        """All steps of a plan, by number of the track, with coarse logits."""
        tracker = self._tracker

        def features(steps: Sequence[Step]) -> Pyramid:
            return tracker.cache([step.frame for step in steps])

        def prompts(steps: Sequence[Step]) -> Prompt:
            masks = np.stack([self._given[step.obj_id, step.frame].pixels() for step in steps])
            return Prompt(mask=torch.from_numpy(masks[:, None]).to(like))

        like = torch.empty(0, device=tracker.sam.device, dtype=tracker.sam.dtype)
        for part in run(
            tracker.sam,
            plan,
            features,
            prompts,
            tracker.options,
            bank=self._bank,
            kept=kept,
            checkpoint=checkpoint,
        ):
            logits = part.decoded.logits
            inside = mask_confidences(logits)
            present = part.decoded.score.float().sigmoid().tolist()
            made = []
            for step, row, sure, there in zip(part.steps, logits, inside, present, strict=True):
                anchor = self._given.get((step.obj_id, step.frame))
                confidence = sure * there if anchor is None else anchor.confidence
                made.append((step.obj_id, TrackedMask(step.frame, row, confidence)))
            if tracker.after_batch is not None:
                tracker.after_batch()
            yield made

    def _note(self, rows: Sequence[tuple[int, TrackedMask]]) -> None:
        """Keep masks of the frames near; encoded where they are large enough."""
        masks = self._tracker.masks(torch.stack([one.logits for _, one in rows]))
        large = masks.sum((1, 2)) >= SMALLEST * masks[0].size
        encoded = iter(encode_all(masks[large]))
        for (number, one), enough in zip(rows, large, strict=True):
            self._walked[number].walked.append(one)
            if enough:
                self._walked[number].masks[one.frame] = next(encoded)


def _plan(chosen: Sequence[Component], way: _Way, number: int, near: bool) -> Plan:
    """Both ways from the best anchor: through the frames near, or from there on.

    Neither direction reads of the other, so that the near frames of both can come first.
    """
    order = sorted(component.frame for component in chosen)
    centre = order.index(chosen[0].frame)
    plan = both_ways(
        way.frames,
        order,
        centre,
        given="mask",
        tracked=None,
        reach=REACH,
        pointer_reach=POINTER_REACH,
        obj_id=number,
    )
    first = set(way.near)
    return Plan(tuple(stage for stage in plan.stages if (stage[0].frame in first) == near))


def mask_confidence(logits: Tensor) -> float:
    """Mean probability inside a mask, 0 where it is empty; logits of any shape."""
    return mask_confidences(logits[None])[0]


def mask_confidences(logits: Tensor) -> list[float]:
    """`mask_confidence` of each of several masks; logits [N, ..]."""
    rows = logits.flatten(1).float()
    inside = rows > 0
    total = (rows.sigmoid() * inside).sum(1)
    confidences: list[float] = (total / inside.sum(1).clamp(min=1)).tolist()
    return confidences
