"""Objects that are followed through a video, and their masks."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentvos.propagation.step import PromptKind
from momentvos.selection.components import encode, iou
from momentvos.selection.encoded_masks import EncodedMasks
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.held import Held

SAME = 0.5
"""Tracks follow one object where their masks overlap so much, by intersection over union, on the
mean of the frames that either is in."""


class TrackFrame(NamedTuple):
    """A track in a frame: its mask [H, W], COCO run-length encoded, its pixels, and how sure it is,
    0..1.
    """

    mask: dict[str, Any]
    area: int
    confidence: float


@dataclass
class Followed:
    """An object that is followed.

    Attributes:
        number: among all of the video, from 0; the object of its plans (`Step.obj_id`).
        prompts: by keyframe, what it was detected as there.
        phrases: by phrase, the sum of the scores that it was detected with.
        frames: by frame in which it is seen.
    """

    number: int
    prompts: dict[int, Held] = field(default_factory=dict)
    phrases: dict[str, float] = field(default_factory=dict)
    frames: dict[int, TrackFrame] = field(default_factory=dict)

    @property
    def masks(self) -> EncodedMasks:
        """Its masks by frame."""
        return EncodedMasks({frame: one.mask for frame, one in self.frames.items()})

    def prompt(self, frame: int, detection: Detection) -> None:
        """Note that it was detected in a keyframe."""
        self.prompts[frame] = Held.of(detection)
        for phrase, score in detection.phrases.items():
            self.phrases[phrase] = self.phrases.get(phrase, 0.0) + score

    def kinds(self, keyframes: Iterable[int]) -> dict[int, PromptKind]:
        """What prompts it in keyframes."""
        masked = {frame: self.prompts[frame].encoded is not None for frame in keyframes}
        return {frame: "mask" if there else "box" for frame, there in masked.items()}

    def put(self, frame: int, mask: NDArray[np.bool_], confidence: float) -> None:
        """Note that it is seen in a frame."""
        self.frames[frame] = TrackFrame(encode(mask), int(mask.sum()), confidence)

    def score(self, phrases: Container[str] | None = None) -> float:
        """Sum of its scores as one of the phrases, or as any."""
        return sum(
            value for one, value in self.phrases.items() if phrases is None or one in phrases
        )

    def same(self, other: Followed) -> bool:
        """Whether both follow the same object."""
        both = self.frames.keys() & other.frames.keys()
        either = len(self.frames.keys() | other.frames.keys())
        shared = sum(
            float(iou([self.frames[one].mask], [other.frames[one].mask])[0, 0]) for one in both
        )
        return bool(either) and shared > SAME * either

    def join(self, other: Followed) -> None:
        """Take over a track of the same object that was detected in other keyframes.

        In each frame the one whose keyframe is nearer says where the object is, and whether.
        """
        frames: dict[int, TrackFrame] = {}
        for frame in self.frames.keys() | other.frames.keys():
            near, *_ = sorted((self, other), key=lambda one: _distance(frame, one.prompts))
            if (seen := near.frames.get(frame)) is not None:
                frames[frame] = seen
        self.frames = dict(sorted(frames.items()))
        for phrase, score in other.phrases.items():
            self.phrases[phrase] = self.phrases.get(phrase, 0.0) + score
        self.prompts = {**self.prompts, **other.prompts}

    def absorb(self, other: Followed) -> None:
        """Take over what another track of the same object was detected as."""
        for phrase, score in other.phrases.items():
            self.phrases[phrase] = max(self.phrases.get(phrase, 0.0), score)
        self.prompts = {**other.prompts, **self.prompts}


def _distance(frame: int, keys: Iterable[int]) -> int:
    return min(abs(frame - key) for key in keys)
