"""Selectors: log-odds of tracks, frame by frame, against a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from momentvos.selection.candidates import PromptedMasks, probability

CLAMP = 0.01
"""Probabilities are kept this far from 0 and 1, so that no frame decides alone."""

TrackMasks = Mapping[int, NDArray[np.bool_]]
"""A track by frame: masks bool [s, s] over the square that SAM2 sees."""


class Selector(Protocol):
    """Scores tracks against a sentence, frame by frame."""

    @property
    def context(self) -> int:
        """Frames before the first candidate frame and behind the last that it reads too."""

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> Sequence[Mapping[int, float]]:
        """Log-odds per track and frame that the track is what the sentence means there.

        frames: ascending and without gaps, those that the tracks were searched in: that an
        object enters or leaves is known from where its track is not.
        """

    def pool(self, log_odds: Sequence[float]) -> float:
        """One log-odds of a track, from those in the candidate frames."""


@dataclass(frozen=True)
class MaskVote:
    """The vote of each candidate frame's own mask: its mean probability inside the track's mask.

    candidates: whose mask logits vote.
    """

    candidates: PromptedMasks
    context: int = 0

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        """See `Selector`; other frames than the candidate ones have no vote."""
        return [
            {
                frame: log_odds(
                    float(probability(self.candidates.logits[frame], mask.shape)[mask].mean())
                )
                for frame, mask in track.items()
                if frame in self.candidates.logits
            }
            for track in tracks
        ]

    def pool(self, log_odds: Sequence[float]) -> float:
        """Their mean, so that no frame decides alone."""
        return float(np.mean(log_odds))


def log_odds(value: float) -> float:
    """Log-odds of a probability, clamped by `CLAMP`."""
    kept = min(max(value, CLAMP), 1 - CLAMP)
    return math.log(kept / (1 - kept))


def weighed(selected: float, grounded: float, share: float) -> float:
    """What a selector and a grounder say, 0..1, of which the grounder's has a share 0..1."""
    return (1 - share) * selected + share * grounded
