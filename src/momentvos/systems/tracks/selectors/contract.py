"""What a selector of the tracks system is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from momentvos.media import Video
from momentvos.selection import Selector
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import Words


@dataclass(frozen=True)
class Opinion:
    """What a grounder says of one sentence, beside a selector of tracks.

    relevance: per frame of the video that the selector was opened with, 0..1. presence: 0..1.
    share: of the grounder in both, 0..1; which tracks are meant is the selector's alone to say.
    """

    relevance: tuple[float, ...]
    presence: float
    share: float

    def weighed(self, selected: float, grounded: float) -> float:
        """What a selector says and what this grounder says, 0..1, each with its share."""
        return (1 - self.share) * selected + self.share * grounded


class VideoSelector(Selector, Protocol):
    """A `momentvos.selection.Selector` at work on one video.

    Attributes:
        words: of the sentence that it is asked next.
        notes: what the user should know of its last answer.
    """

    words: Words

    @property
    def notes(self) -> list[str]: ...

    def present(self, log_odds: Sequence[float]) -> float:
        """Log-odds that a track is what the sentence means at any time, from those by frame."""

    def relevance(
        self, sentence: str, tracks: Sequence[Mapping[int, Any]], frames: Sequence[int]
    ) -> dict[int, float] | None:
        """Log-odds by frame that the sentence holds for the tracks that were accepted.

        None where the selector's log-odds of tracks say that already.
        """

    def opinions(self, sentences: Sequence[str]) -> list[Opinion]:
        """What a grounder of its own says of each sentence; empty where it has none."""


class SelectorPart(Protocol):
    """A selector before a video is there.

    counts: whether it says itself how many tracks are meant; else the sentence's grammar does.
    """

    @property
    def counts(self) -> bool: ...

    def open(self, video: Video, trace: Trace, device: torch.device) -> VideoSelector:
        """Begin work on a video. Raises ModelError where its weights cannot be had."""
