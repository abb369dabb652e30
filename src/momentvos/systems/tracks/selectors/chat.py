"""A multimodal language model as selector: which of the outlined candidates is meant?

In rounds, as AgentRVOS (arXiv 2603.23489) does: candidates that the frames shown leave open are
asked about again, in frames of their own time. No code or wording is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from momentvos.media import Video
from momentvos.moment import midpoints
from momentvos.notice import warn
from momentvos.selection import TrackMasks
from momentvos.systems.session import Grounded
from momentvos.systems.tracks import answers, questions
from momentvos.systems.tracks.asking import Chat, Interview
from momentvos.systems.tracks.crops import box_of, crop
from momentvos.systems.tracks.local_chat import LocalChat
from momentvos.systems.tracks.pictures import outlined, small
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.windows import Windows
from momentvos.systems.tracks.words import Words
from momentvos.text import number as grammatical_number

FRAMES = 16
"""Pictures of a question; more do not help (AgentRVOS, MeViS: 70.3 J&F with 16, 68.8 with 32)."""
ROUNDS = 3
EDGES = 8
"""Most pictures of an edges-only check, and the distance of two of them in frames at least."""
EDGES_APART = 3
CLOSE = 6
"""Most candidates that are shown close too."""
USUAL = 0.7
"""A candidate is shown best where it is larger than in so great a share of its frames: where it is
largest its mask may hold something else too."""
TRUE, FALSE, UNKNOWN = 4.0, -4.0, -1.0
"""Log-odds of what the model says."""
GUESSED = 0.1
"""Log-odds, either way, where it says nothing."""
CHECKED = frozenset(
    [
        *("left", "right", "leftmost", "rightmost", "leftward", "rightward", "leftwards"),
        *("rightwards", "not", "no", "without", "never", "neither", "nor", "nobody", "nothing"),
        *("none", "doesn't", "isn't", "don't", "aren't", "wasn't", "didn't"),
    ]
)
"""Words after which what was accepted is checked once more by its edges alone."""


@dataclass(frozen=True)
class ChatPart:
    """See `SelectorPart`; the model says itself how many tracks are meant.

    Attributes:
        chat: the model.
        window_seconds: length of the stretches in which it is asked whether the sentence holds.
    """

    chat: Chat
    window_seconds: float = 1.0
    counts: bool = True

    def open(self, video: Video, trace: Trace, device: torch.device) -> ChatSelector:
        """See `SelectorPart`; warns where frames of the video are sent to another machine."""
        if isinstance(self.chat, LocalChat):
            self.chat.place(device)
        if self.chat.note:
            warn(f"Attention: {self.chat.note}.", UserWarning, stacklevel=2)
        return ChatSelector(Interview(self.chat, trace), video, self.window_seconds)


@dataclass
class ChatSelector:
    """See `VideoSelector`."""

    interview: Interview
    video: Video
    window_seconds: float
    words: Words = field(default_factory=lambda: Words(""))
    context: int = 0
    grounder_share: float = 0.0

    @property
    def notes(self) -> list[str]:
        """What could not be asked or read, and where frames were sent."""
        sent = self.interview.chat.note
        return [*([sent] if sent else []), *self.interview.notes]

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        """The same log-odds in all frames of a track; tracks come with the best detected first."""
        self.interview.begin()
        odds = self._rounds(sentence, tracks)
        if odds is None:
            self.interview.note("what was detected best was taken, since nobody judged it")
            least = grammatical_number(sentence).least
            odds = [GUESSED if place < least else -GUESSED for place in range(len(tracks))]
        elif CHECKED & set(sentence.lower().replace(",", " ").replace(".", " ").split()):
            odds = [self._checked(sentence, *one) for one in zip(tracks, odds, strict=True)]
        return [dict.fromkeys(masks, value) for masks, value in zip(tracks, odds, strict=True)]

    def pool(self, log_odds: Sequence[float]) -> float:
        """They are all the same."""
        return float(np.mean(log_odds))

    present = pool

    def relevance(
        self, sentence: str, tracks: Sequence[Mapping[int, Any]], frames: Sequence[int]
    ) -> dict[int, float] | None:
        """Log-odds by frame, asked per window; None, with a note, where nothing is answered."""

        def ask(shown: Sequence[int]) -> float | None:
            masks = dict(enumerate(tracks, start=1))
            parts = self._shown(shown, masks, numbers=False)
            return self.interview.yes([*parts, questions.during(sentence)])

        span = max(round(self.window_seconds * self.video.fps), 1)
        return Windows(frames, span, ask).log_odds()

    def ground(self, sentences: Sequence[str]) -> Sequence[Grounded]:
        """Nothing: it has no grounder of its own."""
        return ()

    def _rounds(self, sentence: str, tracks: Sequence[TrackMasks]) -> list[float] | None:
        """Log-odds of each track; None where there is no answer at all."""
        odds = [UNKNOWN] * len(tracks)
        left = list(range(1, len(tracks) + 1))
        answered = False
        for turn in range(ROUNDS):
            masks = {number: tracks[number - 1] for number in left}
            shown = self._frames(masks)
            candidates = [self._candidate(number, masks[number], shown) for number in left]
            parts = [
                *self._shown(shown, masks, numbers=True),
                *(self._close(masks) if turn == 0 and self.words.adjectives else []),
                questions.which(sentence, candidates, self.words.noun),
            ]
            said = self.interview.ask(parts, partial(answers.verdicts, numbers=left))
            if said is None:
                break
            answered = True
            for number in said.true:
                odds[number - 1] = TRUE
            for number in said.false:
                odds[number - 1] = FALSE
            left = sorted(said.unknown)
            if not left:
                break
        return odds if answered else None

    def _checked(self, sentence: str, masks: TrackMasks, odds: float) -> float:
        """An accepted track, looked at by its edges alone: words of place and negation are read
        wrongly where several candidates and numbers are in the picture.
        """
        if odds < 0:
            return odds
        seen = sorted(masks)
        shown = midpoints(seen[::EDGES_APART], EDGES)
        asked = questions.is_it(sentence, self._candidate(1, masks, shown))
        parts = [*self._shown(shown, {1: masks}, numbers=False), asked]
        said = self.interview.yes(parts)
        return odds if said is None or said >= 0 else FALSE

    def _frames(self, masks: Mapping[int, TrackMasks]) -> list[int]:
        """Frames to show: evenly among those with any candidate; each is in one at least."""
        shown = set(midpoints(sorted(set[int]().union(*masks.values())), FRAMES))
        for one in masks.values():
            if not shown & set(one):
                shown |= set(midpoints(sorted(one), 1))
        return sorted(shown)

    def _shown(
        self, frames: Sequence[int], masks: Mapping[int, TrackMasks], numbers: bool
    ) -> list[str | NDArray[np.uint8]]:
        """Frames with labels and outlines."""
        parts: list[str | NDArray[np.uint8]] = []
        for place, frame in enumerate(self.video.read(frames), start=1):
            here = {n: one[frame.index] for n, one in masks.items() if frame.index in one}
            picture = outlined(frame.rgb, here, numbers)
            parts += [questions.label(place, frame.time), picture]
        return parts

    def _candidate(
        self, number: int, masks: TrackMasks, shown: Sequence[int]
    ) -> questions.Candidate:
        there = [
            (place, masks[frame]) for place, frame in enumerate(shown, start=1) if frame in masks
        ]
        there.sort(key=lambda one: int(one[1].sum()))
        place, mask = there[int(USUAL * (len(there) - 1))]
        scale = (1000 / mask.shape[1], 1000 / mask.shape[0])
        left, top, right, bottom = (
            round(value * scale[axis % 2]) for axis, value in enumerate(box_of(mask))
        )
        return questions.Candidate(number, place, (left, top, right, bottom))

    def _close(self, masks: Mapping[int, TrackMasks]) -> list[str | NDArray[np.uint8]]:
        """Each candidate where it is large, without outlines, which hide colour and texture."""
        parts: list[str | NDArray[np.uint8]] = []
        for number, one in list(masks.items())[:CLOSE]:
            seen = midpoints(sorted(one), FRAMES)
            seen.sort(key=lambda frame: int(one[frame].sum()))
            (frame,) = self.video.read([seen[int(USUAL * (len(seen) - 1))]])
            mask = one[frame.index]
            wide = crop(frame.rgb, mask, margin=1.0, grey=0.0)
            alone = crop(frame.rgb, mask, grey=1.0)
            parts += [questions.closer(number), small(wide, 256), small(alone, 256)]
        return parts
