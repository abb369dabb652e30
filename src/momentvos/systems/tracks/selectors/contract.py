"""What a selector of the tracks system is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch

from momentvos.media import Video
from momentvos.selection import Selector
from momentvos.systems.session import Grounded
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import Words


class VideoSelector(Selector, Protocol):
    """A `momentvos.selection.Selector` at work on one video.

    Attributes:
        words: of the sentence that it is asked next.
        notes: what the user should know of its last answer.
        grounder_share: share of a grounder of its own in relevance and presence, 0..1; 0 where it
            has none. Which tracks are meant is the selector's alone to say.
    """

    words: Words

    @property
    def grounder_share(self) -> float: ...

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

    def ground(self, sentences: Sequence[str]) -> Sequence[Grounded]:
        """What that grounder says of each sentence, in the frames of the video it was opened with.

        Asked only where the grounder has a share.
        """


class SelectorPart(Protocol):
    """A selector before a video is there.

    counts: whether it says itself how many tracks are meant; else the sentence's grammar does.
    """

    @property
    def counts(self) -> bool: ...

    def open(self, video: Video, trace: Trace, device: torch.device) -> VideoSelector:
        """Begin work on a video. Raises ModelError where its weights cannot be had."""
