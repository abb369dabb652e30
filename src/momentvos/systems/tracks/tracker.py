"""Tracks of detections: linked from keyframe to keyframe, then followed both ways in one plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.propagation.step import PromptKind
from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.selection.components import SMALLEST, encode
from momentvos.systems.session import Progress
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.held import Held
from momentvos.systems.tracks.kept import KEY, Tracking
from momentvos.systems.tracks.match import matches, near
from momentvos.systems.tracks.plan import stretch
from momentvos.systems.tracks.segmenter import Seen, Segmenter

STRETCH = 256
"""Frames that one plan follows objects through, and about as far from any detection."""
LINKED = 6
"""Most frames on the way from one keyframe to the next in which an object is looked for to link it.
"""
NEAR = 2
"""Keyframes of an object that prompt it before all of them, or behind."""
PATIENCE, SECONDS = 4, 2.0
"""Keyframes without a detection, and time, after which an object is no longer looked for."""


@dataclass(frozen=True)
class Tracker:
    """Objects of the detections of one video.

    Attributes:
        segmenter: SAM2.
        length: frames of the video.
        config: limits, see `TracksConfig`.
        journal: keeps how far it has come.
    """

    segmenter: Segmenter
    length: int
    config: TracksConfig
    journal: Journal = NO_JOURNAL

    def follow(
        self, detections: Mapping[int, Sequence[Held]], progress: Progress | None = None
    ) -> list[Followed]:
        """Objects of a video, the surest first; duplicates are merged and short ones dropped.

        detections: by keyframe, ascending.
        """
        done = Tracking.restored(self.journal)
        if done.stage == "link":
            self._link(detections, done, progress)
            done = Tracking("ends", 0, done.objects)
        self._ends(done, progress)
        objects = _joined(done.objects)
        self._contradicted(objects, list(detections))
        least = self.config.shortest_seconds * self.config.rate
        least = min(least, self.length / 2)
        kept: list[Followed] = []
        for one in sorted(objects, key=lambda one: -one.score()):
            if not one.frames or len(one.frames) < least:
                continue
            other = next((other for other in kept if other.same(one)), None)
            if other is None:
                kept.append(one)
            else:
                other.absorb(one)
        return kept

    def _link(
        self,
        detections: Mapping[int, Sequence[Held]],
        done: Tracking,
        progress: Progress | None,
    ) -> None:
        """Which detections are of one object: each is tracked to the keyframe behind it.

        Where it is detected there, it is followed between the two at once, while their features are
        held.
        """
        objects, live, there = done.objects, done.live, done.there
        keys = list(detections)
        if done.at and progress is not None:
            progress("tracking", keys[done.at - 1] + 1, self.length)
        for place in range(done.at, len(keys)):
            key = keys[place]
            found = [one.whole() for one in detections[key]]
            masks = self.segmenter.masks(key, found)
            encoded = [encode(mask) for mask in masks]
            pairs = self._pairs(live, there, found, encoded, keys[place - 1] if place else key)
            self._void(live, there, pairs, encoded)
            for number, row in pairs.items():
                live[row].prompt(key, found[number])
            self._between([live[row] for row in pairs.values()])
            live = [one for one in live if self._recent(one, key, keys)]
            for number, detection in enumerate(found):
                if number not in pairs and masks[number].any():
                    if len(live) >= self.config.max_tracks:
                        break
                    new = Followed(len(objects))
                    new.prompt(key, detection)
                    objects.append(new)
                    live.append(new)
            if place + 1 < len(keys) and live:
                there = self._onwards(live, there, key, keys[place + 1])
            if self.journal.due:
                self.journal.put(KEY, Tracking("link", place + 1, objects, live, there).state())
            if progress is not None:
                progress("tracking", key + 1, self.length)

    def _recent(self, one: Followed, key: int, keys: Sequence[int]) -> bool:
        """Whether an object was detected so shortly before `key` that it is looked for."""
        last = max(one.prompts)
        missed = sum(last < other <= key for other in keys)
        return missed < PATIENCE or key - last < SECONDS * self.config.rate

    def _pairs(
        self,
        live: Sequence[Followed],
        there: Mapping[int, NDArray[np.bool_]],
        found: Sequence[Detection],
        masks: Sequence[dict[str, Any]],
        before: int,
    ) -> dict[int, int]:
        """By detection, the place of the object in `live` that it is of.

        By masks first; then by boxes, for objects that were detected in the keyframe `before` and
        that memory has lost on the way from there.
        """
        known = [encode(there[one.number]) if one.number in there else None for one in live]
        config = self.config
        pairs = matches(known, masks, config.iou_same, config.containment_same)
        lost = {
            place: one.prompts[before].box
            for place, one in enumerate(live)
            if place not in pairs.values() and before in one.prompts
        }
        left = {number: one for number, one in enumerate(found) if number not in pairs}
        return pairs | near(lost, left)

    def _void(
        self,
        live: Sequence[Followed],
        there: dict[int, NDArray[np.bool_]],
        pairs: Mapping[int, int],
        masks: Sequence[dict[str, Any]],
    ) -> None:
        """Drop masks of objects that went over to another one, which was detected there."""
        others = [masks[number] for number in pairs]
        for place, one in enumerate(live):
            if place in pairs.values() or one.number not in there:
                continue
            mine = encode(there[one.number])
            if matches([mine], others, self.config.iou_same, self.config.containment_same):
                del there[one.number]

    def _onwards(
        self,
        live: Sequence[Followed],
        there: Mapping[int, NDArray[np.bool_]],
        start: int,
        stop: int,
    ) -> dict[int, NDArray[np.bool_]]:
        """Masks of objects in the keyframe `stop`, tracked there from `start`, by number."""
        objects: dict[int, tuple[Sequence[int], dict[int, PromptKind]]] = {}
        masks = {}
        for one in live:
            last = max(one.prompts)
            prompts = one.kinds((last,))
            if last < start and (mask := there.get(one.number)) is not None and mask.any():
                prompts[start], masks[one.number, start] = "mask", mask
            frames = sorted({last, *range(start, stop, math.ceil((stop - start) / LINKED)), stop})
            objects[one.number] = (frames, prompts)
        known = {one.number: one.prompts for one in live}
        seen = self.segmenter.run(stretch(objects), known, masks)
        return {one.number: one.mask for one in seen if one.frame == stop}

    def _between(self, objects: Sequence[Followed]) -> None:
        """Follow objects between the last two keyframes that they were detected in."""
        plans = {}
        for one in objects:
            start, stop = sorted(one.prompts)[-2:]
            plans[one.number] = (range(start, stop + 1), one.kinds((start, stop)))
        known = {one.number: one.prompts for one in objects}
        _put(objects, self.segmenter.run(stretch(plans), known, {}))

    def _ends(self, done: Tracking, progress: Progress | None) -> None:
        """Follow all objects to before their first keyframe and behind their last one."""
        objects = done.objects
        if done.at and progress is not None:
            progress("tracking to the ends", done.at, self.length)
        for start in range(done.at, self.length, STRETCH):
            span = range(start, min(start + STRETCH, self.length))
            plans, among = {}, []
            for one in objects:
                outside, prompts = _outside(one, span)
                if outside and prompts:
                    plans[one.number] = (sorted({*prompts, *outside}), one.kinds(prompts))
                    among.append(one)
            known = {one.number: one.prompts for one in among}
            seen = self.segmenter.run(stretch(plans), known, {})
            _put(among, (one for one in seen if one.frame in span))
            if self.journal.due:
                self.journal.put(KEY, Tracking("ends", span.stop, objects).state())
            if progress is not None:
                progress("tracking to the ends", span.stop, self.length)

    def _contradicted(self, objects: Sequence[Followed], keys: Sequence[int]) -> None:
        """Drop masks around keyframes in which the detector says that they are another object."""
        config = self.config
        wrong: list[tuple[Followed, range]] = []
        for place, key in enumerate(keys):
            others = [
                one.frames[key].mask for one in objects if key in one.prompts.keys() & one.frames
            ]
            for one in objects:
                if key in one.prompts or key not in one.frames:
                    continue
                if matches([one.frames[key].mask], others, config.iou_same, math.inf):
                    start = (keys[place - 1] + key) // 2 + 1 if place else 0
                    end = keys[place + 1] if place + 1 < len(keys) else 2 * self.length
                    wrong.append((one, range(start, (key + end) // 2 + 1)))
        for one, frames in wrong:
            one.frames = {frame: seen for frame, seen in one.frames.items() if frame not in frames}


def _joined(objects: Sequence[Followed]) -> list[Followed]:
    """Objects, those joined that are one, lost on the way and detected anew as another.

    What was detected apart in one keyframe is not one, however much it overlaps elsewhere.
    """
    kept: list[Followed] = []
    for one in objects:
        for other in kept:
            if not one.prompts.keys() & other.prompts.keys() and other.same(one):
                other.join(one)
                break
        else:
            kept.append(one)
    return kept


def _put(objects: Sequence[Followed], seen: Iterable[Seen]) -> None:
    """Note where objects are seen, unless too small."""
    known = {one.number: one for one in objects}
    for one in seen:
        if one.mask.sum() >= SMALLEST * one.mask.size:
            known[one.number].put(one.frame, one.mask, one.confidence)


def _outside(one: Followed, span: range) -> tuple[set[int], set[int]]:
    """Frames of a stretch before an object's keyframes or behind them, and keyframes to prompt it
    in.

    None of the latter where all are farther away than a stretch.
    """
    keys = sorted(one.prompts)
    before = {frame for frame in span if frame < keys[0]}
    behind = {frame for frame in span if frame > keys[-1]}
    alone = {*keys} & {*span} if len(keys) == 1 else set()
    near = [*(keys[:NEAR] if before or alone else []), *(keys[-NEAR:] if behind else [])]
    reach = range(span.start - STRETCH, span.stop + STRETCH)
    return before | behind | alone, {frame for frame in near if frame in reach}
