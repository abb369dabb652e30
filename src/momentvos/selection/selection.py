"""Track selection over a whole video, window by window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from momentvos.selection.candidates import CandidateSource
from momentvos.selection.components import link
from momentvos.selection.selector import Selector, TrackMasks
from momentvos.selection.tracks import Track, TrackedMask, Tracker
from momentvos.selection.voting import elect
from momentvos.text import ANY, Number

WINDOW = 64
"""Candidate frames within so many frames form one window, in which tracks are elected together."""


@dataclass
class TrackSelection:
    """Candidates of a sentence, tracked, scored and elected.

    Attributes:
        sentence: the referring expression.
        candidates: proposes regions of single frames.
        tracker: tracks them.
        selector: scores the tracks.
        max_tracks: most candidates tracked at once.
        margin: log-odds, see `voting.elect`.
        number: how many objects are meant.
        scores: by frame, the largest log-odds of a track that is meant; -inf where none is.
    """

    sentence: str
    candidates: CandidateSource
    tracker: Tracker
    selector: Selector
    max_tracks: int = 6
    margin: float = 0.8
    number: Number = ANY
    scores: dict[int, float] = field(default_factory=dict)

    def run(self, candidate_frames: Sequence[int], length: int) -> Iterator[TrackedMask]:
        """The tracks that are meant, in all frames of a video of `length` in which they are.

        A frame comes once for each track, with logits along the picture's edges.

        candidate_frames: ascending, the frames that candidates come from.
        """
        for chosen, frames in windows(candidate_frames, length, WINDOW):
            self.scores |= dict.fromkeys(chosen, -math.inf)
            for track in self._elect(chosen, frames):
                for one in chain(track.walked, track.walk):
                    odds = track.scores.get(one.frame)
                    if odds is not None:
                        self.scores[one.frame] = max(self.scores.get(one.frame, -math.inf), odds)
                    logits = self.tracker.fine(track, one)
                    yield one._replace(logits=logits, log_odds=odds)

    def tracks(
        self, candidate_frames: Sequence[int], frames: Sequence[int]
    ) -> tuple[list[Track], list[TrackMasks], list[int]]:
        """Track the candidates of some frames: tracks, their masks, and the frames scored.

        frames: ascending and without gaps, the candidate frames among them.
        """
        first = min(candidate_frames) - self.selector.context
        last = max(candidate_frames) + self.selector.context
        near = [frame for frame in frames if first <= frame <= last]
        tracks: list[Track] = []
        masks: list[TrackMasks] = []
        for components in link(self.candidates(candidate_frames)):
            if len(tracks) == self.max_tracks:
                break
            if not any(track.covers(components) for track in tracks):
                track, track_masks = self.tracker.track(components, near, frames)
                tracks.append(track)
                masks.append(track_masks)
        return tracks, masks, near

    def relevance(self, prior: Sequence[float]) -> list[float]:
        """Relevance 0..1 of all frames, as the selector has it.

        prior: relevance before selection. Frames without a score are at most as relevant as they
        were then, and less if nothing else is.
        """
        known = {
            frame: 1 / (1 + math.exp(-max(odds, -50.0))) for frame, odds in self.scores.items()
        }
        best = max(known.values(), default=0.0)
        return [known.get(frame, best * before) for frame, before in enumerate(prior)]

    def _elect(self, candidate_frames: Sequence[int], frames: Sequence[int]) -> list[Track]:
        tracks, masks, near = self.tracks(candidate_frames, frames)
        scores = self.selector(self.sentence, masks, near)
        for track, odds in zip(tracks, scores, strict=True):
            track.vote(odds, set(candidate_frames), self.selector.pool)
        return elect(tracks, len(candidate_frames), self.margin, self.number)


def windows(
    candidate_frames: Sequence[int], length: int, span: int
) -> Iterator[tuple[list[int], range]]:
    """Windows of a video of `length` frames: candidate frames, and the frames nearest to them.

    candidate_frames: ascending. Those of one window lie within `span` frames.
    """
    parts: list[list[int]] = []
    for frame in candidate_frames:
        if parts and frame - parts[-1][0] < span:
            parts[-1].append(frame)
        else:
            parts.append([frame])
    start = 0
    for here, there in zip(parts, [*parts[1:], None], strict=True):
        stop = length if there is None else (here[-1] + there[0]) // 2 + 1
        yield here, range(start, stop)
        start = stop
