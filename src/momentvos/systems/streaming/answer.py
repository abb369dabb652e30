"""One sentence of a stream: what is known of it so far, and its prediction at the end."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment, Span
from momentvos.results.prediction import Prediction
from momentvos.sentence import reading_note
from momentvos.systems.streaming.kept import Kept, KeptAnswers
from momentvos.systems.streaming.update import Update

if TYPE_CHECKING:
    from momentvos.systems.streaming.masks import LiveMask
    from momentvos.systems.streaming.session import Due, Follower, StreamSession

SPANS = 32
"""Spans of a moment that updates show, the latest ones, so that they do not grow."""


class LiveAnswer:
    """What is known of one sentence.

    Attributes:
        name, sentence: what it is called, and what was asked.
        obj_id: its object.
        method: the published method, in a few words.
        start: the frame at which it was added.
        follower: at work on it.

    Args:
        name, sentence, obj_id, method, start, follower: as of the attributes.
        keep: most frames whose answers are kept.
        threshold: presence from which on the target occurs.
    """

    def __init__(
        self,
        name: str,
        sentence: str,
        obj_id: int,
        method: str,
        start: int,
        follower: Follower,
        keep: int,
        threshold: float,
    ) -> None:
        self.name, self.sentence, self.obj_id, self.method = name, sentence, obj_id, method
        self.start, self.follower = start, follower
        self._kept, self._threshold = KeptAnswers(keep), threshold
        self._spans: list[Span] = []
        self._largest = 0.0

    @property
    def presence(self) -> float:
        """How sure it is that the target occurs, so far; 0 before it was looked for in a frame."""
        return self.follower.presence * self._largest

    @property
    def complete(self) -> bool:
        """Whether there will be a prediction."""
        return self._kept.complete and len(self._kept) > 0

    def add(self, due: Due, time: float, made: LiveMask, delay: int) -> Update:
        """Note the answer about the next frame, and tell what is known then."""
        mask, confidence, probability = made
        self._largest = max(self._largest, probability or 0.0)
        inside = bool(mask.any()) if due.inside is None else due.inside
        if inside:
            self._extend(due.frame)
        if self._kept.complete:
            masklet = Masklet((mask.shape[0], mask.shape[1]))
            masklet.set(0, mask)
            rle = masklet.rle(0)
            counts = None if rle is None else str(rle["counts"])
            self._kept.append(Kept(time, due.relevance, inside, confidence, counts))
        presence = self.presence
        return Update(
            frame=due.frame,
            time=time,
            name=self.name,
            sentence=self.sentence,
            mask=mask,
            confidence=confidence,
            relevance=due.relevance,
            inside=inside,
            moment=Moment(self._spans),
            open=inside,
            presence=presence,
            found=bool(self._spans) and presence >= self._threshold,
            delay=delay,
        )

    def prediction(
        self,
        session: StreamSession,
        size: tuple[int, int],
        path: str,
        notes: tuple[str, ...],
        in_domain: bool | None,
    ) -> Prediction:
        """The answer about all frames of the stream up to the last one that was added.

        In those before `start` nothing was asked; their times are spread evenly.
        """
        kept, blank = list(self._kept), self.start
        length = blank + len(kept)
        early = [kept[0].time * frame / blank for frame in range(blank)]
        times = [*early, *(one.time for one in kept)]
        inside = Moment.from_flags([*[False] * blank, *(one.inside for one in kept)])
        found = bool(inside) and self.presence >= self._threshold
        moment = inside if found else Moment.empty()
        last = times[-1] - times[-2] if length > 1 else 1 / session.fps
        durations = [*(b - a for a, b in pairwise(times)), last]
        rles = [{"size": list(size), "counts": one.counts} if one.counts else None for one in kept]
        masks = [None] * blank + rles
        late = f"asked from frame {blank} ({times[blank]:.2f} s) on"
        return Prediction(
            video=VideoFacts(path, size[1], size[0], session.fps, length, times[-1] + last),
            sentence=self.sentence,
            model=session.model.name,
            found=found,
            presence=self.presence,
            moment=moment,
            seconds=tuple(moment.seconds(times, durations)),
            relevance=(*(0.0 for _ in early), *(one.relevance for one in kept)),
            scores=(*(0.0 for _ in early), *(one.score if found else 0.0 for one in kept)),
            masklet=Masklet.from_json(masks, size) if found else Masklet(size),
            notes=(
                *notes,
                *self.follower.notes,
                *reading_note(self.sentence, self.follower.text),
                *([late] if blank else []),
            ),
            method=f"{self.method}, streamed",
            domain=session.config.domain,
            in_domain=in_domain,
        )

    def close(self) -> None:
        """Free what is kept."""
        self._kept.close()

    def _extend(self, frame: int) -> None:
        if self._spans and self._spans[-1][1] == frame - 1:
            self._spans[-1] = (self._spans[-1][0], frame)
        else:
            self._spans.append((frame, frame))
            del self._spans[:-SPANS]
