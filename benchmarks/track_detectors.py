"""Detectors of MomentWorld: by ground truth, whole or at fault, and by a TGL's own masks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from momentvos.evaluation.scenes import SceneSample
from momentvos.selection.candidates import probability
from momentvos.selection.components import FIT, Component, components, containment, link
from momentvos.selection.tracks import SAME
from momentvos.systems.driver import track_selection
from momentvos.systems.session import Request
from momentvos.systems.tracks.crops import box_of
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.words import ANYTHING, Words

LOST = 0.2
"""Share of an object's keyframes in which `LossyDetector` does not see it."""
AROUND = 4
"""Frames on either side that a component's area is compared with."""


class SceneDetector(Protocol):
    """A `momentvos.systems.tracks.detectors.Detector` that is shown what it is asked about."""

    def show(self, samples: Sequence[SceneSample]) -> None:
        """The expressions of one scene, drawn."""

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]: ...


class Anything:
    """Words: no noun is needed where the detector knows every object."""

    notes = ()

    def open(self, trace: Any, device: Any) -> Self:
        """See `WordReader`."""
        return self

    def __call__(self, sentence: str) -> Words:
        return Words(ANYTHING)


class WholeSentence:
    """Words: the detector reads the sentence as it is."""

    notes = ()

    def open(self, trace: Any, device: Any) -> Self:
        """See `WordReader`."""
        return self

    def __call__(self, sentence: str) -> Words:
        return Words(sentence)


class TruthDetector:
    """Detects every object of a scene by its true mask."""

    def __init__(self) -> None:
        self._ids: dict[bytes, NDArray[Any]] = {}

    def show(self, samples: Sequence[SceneSample]) -> None:
        """See `SceneDetector`."""
        drawing = samples[0].drawing
        rows = zip(drawing.frames, drawing.ids, strict=True)
        self._ids = {rgb.tobytes(): row for rgb, row in rows}

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = []
        for rgb in frames:
            ids = self._ids[rgb.tobytes()]
            masks = [ids == number for number in np.unique(ids) if number]
            found.append([detection(mask, {phrases[0]: 1.0}) for mask in masks])
        return found


class LossyDetector(TruthDetector):
    """Loses each object in `LOST` of its keyframes."""

    def __init__(self) -> None:
        super().__init__()
        self._chance = random.Random(0)

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = super().__call__(frames, phrases)
        return [[one for one in row if self._chance.random() >= LOST] for row in found]


class FalseDetector(TruthDetector):
    """Sees one thing in every keyframe that is none: a disc of an object's size anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self._chance = random.Random(0)

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = super().__call__(frames, phrases)
        for rgb, row in zip(frames, found, strict=True):
            height, width = rgb.shape[:2]
            radius = self._chance.uniform(0.05, 0.15) * height
            y, x = self._chance.uniform(0, height), self._chance.uniform(0, width)
            rows, columns = np.ogrid[:height, :width]
            disc = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
            row.append(detection(disc, {phrases[0]: 0.5}))
        return found


@dataclass
class MaskDetector:
    """Detects what a TGL segments in single frames, without memory, for each sentence.

    These are the candidates of its own track selection: connected components of the masks of frames
    that may belong to the moment. What several sentences propose is one object, and where objects
    touch or are hidden in part, so that a component is far larger or smaller than those around it,
    there is no detection. Phrases are whole sentences.

    Attributes:
        model: a TGL with a trained selector.
    """

    model: Any

    def show(self, samples: Sequence[SceneSample]) -> None:
        """See `SceneDetector`: the whole video is needed, since motion is read from it."""
        self._found: dict[bytes, list[Detection]] = {}
        frames = samples[0].drawing.frames
        regions = self.candidates(samples)
        for chain in link([one for group in _distinct(regions) for one in group]):
            texts = {
                text: one.confidence
                for text, ones in regions.items()
                for one in ones
                if any(_overlaps(one, other) for other in chain)
            }
            for one in _clear(chain):
                seen = detection(one.pixels(), texts)
                self._found.setdefault(frames[one.frame].tobytes(), []).append(seen)

    def candidates(self, samples: Sequence[SceneSample]) -> dict[str, list[Component]]:
        """Regions of the frames that may belong to the moment, in order of frames, by sentence."""
        sentences = [one.sentence for one in samples]
        request = Request(samples[0].video(), sentences, [None] * len(samples), self.model.config)
        made = {}
        with torch.no_grad():
            session = self.model.open_session(request)
            for row, grounded in enumerate(session.ground()):
                frames = session.search(row, grounded, trained=True).frames
                made[session.texts[row]] = self._regions(session, row, frames)
                session.release(row)
        return made

    def _regions(self, session: Any, row: int, frames: Sequence[int]) -> list[Component]:
        source = track_selection(session, row).candidates
        source(frames)
        radius, cache = session.config.guided_radius, session.cache
        made = []
        for frame, logits in source.logits.items():
            mask = cache.full(cache.fine(logits[None], [frame], radius)[0]) > 0
            sure = probability(logits, mask.shape) * source.presence
            made += components(frame, mask.cpu().numpy(), sure)
        return made

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = []
        for rgb in frames:
            here = self._found.get(rgb.tobytes(), [])
            found.append([one for one in here if one.phrases.keys() & set(phrases)])
        return found


def _distinct(regions: Mapping[str, Sequence[Component]]) -> list[list[Component]]:
    """By frame, regions of all sentences, the surest of those that are of one object."""
    made: dict[int, list[Component]] = {}
    for one in sorted(
        (one for ones in regions.values() for one in ones), key=lambda one: -one.confidence
    ):
        kept = made.setdefault(one.frame, [])
        if not any(_overlaps(one, other) for other in kept):
            kept.append(one)
    return [made[frame] for frame in sorted(made)]


def _clear(chain: Sequence[Component]) -> Iterator[Component]:
    """Components of about the usual area of those around them."""
    for one in chain:
        near = [other.area for other in chain if abs(other.frame - one.frame) <= AROUND]
        usual = float(np.median(near))
        if min(one.area / usual, usual / one.area) > FIT:
            yield one


def _overlaps(one: Component, other: Component) -> bool:
    """Whether two regions of a frame are of one object, or the smaller is a part of the other."""
    if one.frame != other.frame:
        return False
    small, large = sorted((one, other), key=lambda region: region.area)
    return containment(small.mask, large.mask) > SAME


def detection(mask: NDArray[np.bool_], phrases: dict[str, float]) -> Detection:
    """A mask, not empty, as it is detected by phrases."""
    left, top, right, bottom = map(float, box_of(mask))
    return Detection((left, top, right, bottom), phrases, mask)
