"""Similarity of a track's pictures to the sentence, against texts that say something else.

No generative model: a computer without a GPU can do it. It sees what an object is and how it looks,
and of what it does no more than single pictures show (windows of frames with X-CLIP).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.grounding.similarity import Texts
from momentvos.media import Video
from momentvos.moment import midpoints
from momentvos.selection import TrackMasks
from momentvos.systems.session import Grounded
from momentvos.systems.tracks.crops import crop
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import Words

SHOWN = 16
"""Most pictures of a track."""
CERTAIN = 12.0
"""Largest log-odds of a picture."""
DISTRACTORS = (
    "person", "animal", "bird", "car", "tree", "building", "chair", "table", "ball", "plant",
    "sign", "sky", "ground", "wall", "water",
)  # fmt: skip
"""What an object may be that is not meant."""


class Tower(Protocol):
    """What compares pictures with texts.

    size: pictures that are compared at once, in time order.
    """

    @property
    def size(self) -> int: ...

    def texts(self, sentences: Sequence[str]) -> Texts: ...

    def logits(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        """[L, n] of n pictures, of which a softmax makes the probabilities of L texts."""


@dataclass(frozen=True)
class SimilarityPart:
    """See `SelectorPart`; the sentence's grammar says how many tracks are meant."""

    tower: Tower
    counts: bool = False

    def open(self, video: Video, trace: Trace, device: torch.device) -> SimilaritySelector:
        """See `SelectorPart`."""
        return SimilaritySelector(self.tower, video, trace)


@dataclass
class SimilaritySelector:
    """See `VideoSelector`."""

    tower: Tower
    video: Video
    trace: Trace
    words: Words = field(default_factory=lambda: Words(""))
    notes: list[str] = field(default_factory=list)
    context: int = 0
    grounder_share: float = 0.0

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        """Log-odds of each track, in frames between those compared on straight lines."""
        others = self._others()
        texts = self.tower.texts([sentence, *(f"a photo of a {noun}" for noun in others)])
        self.notes = list(texts.notes[0])
        made = []
        for number, masks in enumerate(tracks):
            seen = sorted(masks)
            shown = midpoints(seen, SHOWN)
            pictures = self._pictures(masks, shown)
            odds = self._odds(pictures, texts)
            made.append(dict(zip(seen, np.interp(seen, shown, odds).tolist(), strict=True)))
            said = [
                f"frame {frame}: {value:+.1f}" for frame, value in zip(shown, odds, strict=True)
            ]
            self.trace.text(f"object {number + 1}, log-odds of “{sentence}”")
            self.trace.pictures(list(zip(said, pictures, strict=True)))
            self.trace.text(", ".join(said))
        return made

    def pool(self, log_odds: Sequence[float]) -> float:
        """Their mean, so that no picture decides alone."""
        return float(np.mean(log_odds))

    present = pool

    def relevance(
        self, sentence: str, tracks: Sequence[Mapping[int, Any]], frames: Sequence[int]
    ) -> None:
        """The log-odds of pictures say it already."""

    def ground(self, sentences: Sequence[str]) -> Sequence[Grounded]:
        """Nothing: it has no grounder of its own."""
        return ()

    def _others(self) -> list[str]:
        own = {self.words.noun, self.words.hypernym}
        known = dict.fromkeys((*self.words.references, *DISTRACTORS))
        return [noun for noun in known if noun not in own]

    def _pictures(self, masks: TrackMasks, frames: Sequence[int]) -> list[NDArray[np.uint8]]:
        return [crop(frame.rgb, masks[frame.index]) for frame in self.video.read(frames)]

    def _odds(self, pictures: Sequence[NDArray[np.uint8]], texts: Texts) -> list[float]:
        """Log-odds of the sentence against the other texts, of each picture."""
        made: list[float] = []
        with torch.inference_mode():
            for start in range(0, len(pictures), self.tower.size):
                logits = self.tower.logits(pictures[start : start + self.tower.size], texts).float()
                odds = logits[0] - logits[1:].logsumexp(0) + math.log(max(len(logits) - 1, 1))
                made += odds.clamp(-CERTAIN, CERTAIN).tolist()
        return made
