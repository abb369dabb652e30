"""The trained selector of another system, such as a bundled mini."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from momentvos.media import Video
from momentvos.sam2.geometry import STRETCHED
from momentvos.selection import TrackMasks, TrajectorySelector
from momentvos.selection.voting import PRESENT
from momentvos.systems.session import Grounded, InferenceSession, Request
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import Words

if TYPE_CHECKING:
    from momentvos.systems.base import System


@dataclass(frozen=True)
class TrainedPart:
    """See `SelectorPart`. model: a system whose weights hold a `TrackSelector`.

    Its own grounder says when and whether beside the selector, as in the model itself
    (`selection.grounder_share`).
    """

    model: System
    counts: bool = False

    def open(self, video: Video, trace: Trace, device: torch.device) -> TrainedSelector:
        """See `SelectorPart`."""
        config = self.model.config
        session = self._session(video, ["it"])
        stride = max(round(video.fps / config.selection.rate), 1)
        made = TrajectorySelector(self.model, session.cache, stride, config.selection.window)
        share = config.selection.grounder_share if self.model.can_ground else 0.0
        return TrainedSelector(made, trace, session, share, partial(self._ground, video))

    def _ground(self, video: Video, sentences: Sequence[str]) -> Sequence[Grounded]:
        return list(self._session(video, sentences).ground())

    def _session(self, video: Video, sentences: Sequence[str]) -> InferenceSession:
        config, unknown = self.model.config, [None] * len(sentences)
        return self.model.open_session(Request(video, sentences, unknown, config, masks=False))


@dataclass
class TrainedSelector:
    """See `VideoSelector`. session: it encodes the frames of the selector's cache."""

    selector: TrajectorySelector
    trace: Trace
    session: InferenceSession
    grounder_share: float
    ground: Callable[[Sequence[str]], Sequence[Grounded]]
    words: Words = field(default_factory=lambda: Words(""))
    notes: list[str] = field(default_factory=list)

    @property
    def context(self) -> int:
        """See `momentvos.selection.Selector`."""
        return self.selector.context

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        """See `TrajectorySelector`; tracks that are `lasting` alone have scores."""
        if self.selector.cache.mode not in STRETCHED:
            tracks = [SquareMasks(masks) for masks in tracks]
        scores = self.selector(sentence, tracks, frames)
        for number, odds in enumerate(scores):
            best = max(odds.values(), default=float("-inf"))
            self.trace.text(f"object {number + 1}: largest log-odds {best:+.1f}")
        return lasting(scores)

    def pool(self, log_odds: Sequence[float]) -> float:
        """See `TrajectorySelector`."""
        return self.selector.pool(log_odds)

    def present(self, log_odds: Sequence[float]) -> float:
        """The most certain frame decides: the sentence need not hold for long."""
        return max(log_odds, default=float("-inf"))

    def relevance(
        self, sentence: str, tracks: Sequence[Mapping[int, Any]], frames: Sequence[int]
    ) -> None:
        """Its log-odds by frame say it already."""


def lasting(scores: Sequence[dict[int, float]]) -> list[dict[int, float]]:
    """Log-odds by frame of each track, none of those that are not there for long enough.

    A track is there in a share `PRESENT` at least of the frames in which the sentence holds for any
    of them, as track selection wants it; or no track is, and all count. The mean odds of a piece of
    a track would else exceed those of all of it.
    """
    holds = {frame for odds in scores for frame, value in odds.items() if value > 0}
    able = [len(holds & odds.keys()) >= PRESENT * len(holds) for odds in scores]
    if not any(able):
        return list(scores)
    return [odds if kept else {} for odds, kept in zip(scores, able, strict=True)]


class SquareMasks(Mapping[int, NDArray[np.bool_]]):
    """Masks of frames that are padded to a square, to the right and below."""

    def __init__(self, masks: TrackMasks) -> None:
        self._masks = masks

    def __getitem__(self, frame: int) -> NDArray[np.bool_]:
        mask = self._masks[frame]
        side = max(mask.shape)
        return np.pad(mask, ((0, side - mask.shape[0]), (0, side - mask.shape[1])))

    def __iter__(self) -> Iterator[int]:
        return iter(self._masks)

    def __len__(self) -> int:
        return len(self._masks)
