"""Tracks of detections: linked from keyframe to keyframe, then followed both ways in one plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.propagation.step import PromptKind
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection import mask_confidence
from momentvos.selection.components import SMALLEST, encode
from momentvos.systems.session import Progress
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.match import matches, near
from momentvos.systems.tracks.plan import stretch

STRETCH = 256
"""Frames that one plan follows objects through, so that the bank does not grow with the video."""
NEAR = 2
"""Keyframes of an object before a stretch, and behind it, that it is prompted in as well."""
PATIENCE = 4
"""Keyframes without a detection after which an object is no longer looked for."""


class Seen(NamedTuple):
    """An object in a frame: mask [H, W], and how sure it is, 0..1."""

    number: int
    frame: int
    mask: NDArray[np.bool_]
    confidence: float


@dataclass
class Tracker:
    """SAM2 on the detections of one video.

    Attributes:
        sam: SAM2.
        cache: its features of the video.
        options: how the decoder is read.
        config: limits, see `TracksConfig`.
    """

    sam: Sam2VideoModel
    cache: FeatureCache
    options: DecoderOptions
    config: TracksConfig
    _count: int = field(default=0, repr=False)

    def follow(
        self, detections: Mapping[int, Sequence[Detection]], progress: Progress | None = None
    ) -> list[Followed]:
        """Objects of a video, the surest first; duplicates are merged and short ones dropped.

        detections: by keyframe, ascending.
        """
        objects = self._link(detections, progress)
        self._track(objects, progress)
        self._contradicted(objects, list(detections))
        least = self.config.shortest_seconds * self.config.rate
        least = min(least, len(self.cache.video) / 2)
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
        self, detections: Mapping[int, Sequence[Detection]], progress: Progress | None
    ) -> list[Followed]:
        """Which detections are of one object: each is tracked to the keyframe behind it."""
        objects: list[Followed] = []
        live: list[Followed] = []
        there: dict[int, NDArray[np.bool_]] = {}
        keys = list(detections)
        for place, key in enumerate(keys):
            found = list(detections[key])
            masks = self._masks(key, found)
            encoded = [encode(mask) for mask in masks]
            pairs = self._pairs(live, there, found, encoded, keys[place - 1] if place else key)
            self._void(live, there, pairs, encoded)
            for number, detection in enumerate(found):
                if number in pairs:
                    live[pairs[number]].prompt(key, detection)
            live = [
                one for one in live if sum(max(one.prompts) < k <= key for k in keys) < PATIENCE
            ]
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
            if progress is not None:
                progress("linking", key + 1, len(self.cache.video))
        return objects

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
            place: one.prompts[before]
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
        objects, masks = {}, {}
        for one in live:
            last = max(one.prompts)
            prompts = {last: _kind(one.prompts[last])}
            if last < start and (mask := there.get(one.number)) is not None and mask.any():
                prompts[start], masks[one.number, start] = "mask", mask
            frames = sorted({last, *range(start, stop + 1)})
            objects[one.number] = (frames, prompts)
        known = {one.number: one for one in live}
        seen = self._run(stretch(objects), known, masks)
        return {one.number: one.mask for one in seen if one.frame == stop}

    def _track(self, objects: Sequence[Followed], progress: Progress | None) -> None:
        """Follow all objects both ways, stretch by stretch."""
        length = len(self.cache.video)
        for start in range(0, length, STRETCH):
            span = range(start, min(start + STRETCH, length))
            plans = {}
            for one in objects:
                prompts = _near(one, span, length)
                if prompts:
                    kinds = {frame: _kind(one.prompts[frame]) for frame in prompts}
                    plans[one.number] = (sorted({*prompts, *span}), kinds)
            known = {one.number: one for one in objects}
            done: set[int] = set()
            for seen in self._run(stretch(plans), known, {}):
                if seen.frame in span:
                    if seen.mask.sum() >= SMALLEST * seen.mask.size:
                        known[seen.number].put(seen.frame, seen.mask, seen.confidence)
                    done.add(seen.frame)
                    if progress is not None:
                        progress("tracking", start + len(done), length)
            if progress is not None:
                progress("tracking", span.stop, length)

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
                    end = keys[place + 1] if place + 1 < len(keys) else 2 * len(self.cache.video)
                    wrong.append((one, range(start, (key + end) // 2 + 1)))
        for one, frames in wrong:
            one.frames = {frame: seen for frame, seen in one.frames.items() if frame not in frames}

    def _run(
        self,
        plan: Plan,
        objects: Mapping[int, Followed],
        masks: Mapping[tuple[int, int], NDArray[np.bool_]],
    ) -> Iterator[Seen]:
        """Every step's mask; masks: by object and frame, prompts that no detection gave."""

        def features(steps: Sequence[Step]) -> Pyramid:
            return self.cache([step.frame for step in steps])

        def prompts(steps: Sequence[Step]) -> Prompt:
            found = [
                masks.get((step.obj_id, step.frame), objects[step.obj_id].prompts.get(step.frame))
                for step in steps
            ]
            if steps[0].prompt == "box":
                return self._boxes([one for one in found if isinstance(one, Detection)])
            shapes = [one.mask if isinstance(one, Detection) else one for one in found]
            return Prompt(mask=self._squares([one for one in shapes if one is not None]))

        for part in run(self.sam, plan, features, prompts, self.options):
            frames = [step.frame for step in part.steps]
            fine = self.cache.fine(part.decoded.logits, frames, self.config.guided_radius)
            rows = zip(part.steps, part.decoded.logits, fine, part.decoded.score, strict=True)
            for step, logits, edged, score in rows:
                given = objects[step.obj_id].prompts.get(step.frame)
                if given is not None and given.mask is not None:
                    yield Seen(step.obj_id, step.frame, given.mask, given.score)
                    continue
                sure = float(score.float().sigmoid()) * mask_confidence(logits)
                mask = (self.cache.full(edged) > 0).cpu().numpy()
                yield Seen(step.obj_id, step.frame, mask, sure)

    def _masks(self, frame: int, detections: Sequence[Detection]) -> list[NDArray[np.bool_]]:
        """What each detection of a frame covers."""
        boxed = [number for number, one in enumerate(detections) if one.mask is None]
        masks = {n: one.mask for n, one in enumerate(detections) if one.mask is not None}
        given = {number: Followed(number, {frame: detections[number]}) for number in boxed}
        plan = Plan((tuple(Step(frame, "plain", "box", obj_id=number) for number in boxed),))
        masks |= {seen.number: seen.mask for seen in self._run(plan, given, {})}
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


def _kind(detection: Detection) -> PromptKind:
    return "box" if detection.mask is None else "mask"


def _near(one: Followed, span: range, length: int) -> list[int]:
    """Keyframes that prompt an object in a stretch: its own, and the nearest ones around it.

    None where the object was last detected more than a stretch before, or first more than a stretch
    behind.
    """
    prompts: list[int] = sorted(one.prompts)
    before = [frame for frame in prompts if frame < span.start][-NEAR:]
    behind = [frame for frame in prompts if frame >= span.stop][:NEAR]
    inside = [frame for frame in prompts if frame in span]
    near = [frame for frame in before if frame >= span.start - STRETCH]
    near += [frame for frame in behind if frame < span.stop + STRETCH]
    return sorted({*near, *inside})
