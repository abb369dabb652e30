"""A chat model as a grounder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from momentvos.grounding.chat import parse
from momentvos.grounding.chat.question import Form, label, question
from momentvos.grounding.failure import Fallback, unreadable
from momentvos.grounding.fixed_spans import certain
from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.scan import evenly
from momentvos.grounding.select import TOP_K
from momentvos.moment import Moment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentvos.media import Video

FRAMES = 16
"""Frames that a chat model is shown."""


class ChatModel(Protocol):
    """A chat model."""

    def generate(self, parts: Sequence[str | NDArray[np.uint8]]) -> str:
        """The answer to one question made of texts and pictures uint8 [H, W, 3], in order."""


@dataclass(frozen=True)
class ChatGrounder:
    """Shows `frames` frames evenly from what may be chosen and asks in one of the forms.

    M+ is what is named: the seconds ("span"), or the frames themselves. An answer that is not
    what was asked for raises AnswerError; with a fallback it counts as that, and a note says so.
    """

    name: str
    model: ChatModel
    form: Form = "span"
    k: int = TOP_K
    fallback: Fallback | None = None
    frames: int = FRAMES

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        answers = []
        places = allowed(video, sentences, inside)
        for number, (sentence, place) in enumerate(zip(sentences, places, strict=True), start=1):
            answers.append(self._one(video, sentence, place))
            if report is not None:
                report(number, len(sentences))
        return answers

    def _one(self, video: Video, sentence: str, place: Moment) -> Grounding:
        shown = evenly(place.frames(), self.frames)
        if not shown:
            return certain(self.name, sentence, place, len(video), self.k)
        parts: list[str | NDArray[np.uint8]] = []
        for number, frame in enumerate(video.read(shown), start=1):
            parts += [label(number, frame.time), frame.rgb, "\n"]
        parts.append(question(self.form, sentence, len(shown), self.k, video.duration))
        said = self.model.generate(parts)
        return self._read(video, sentence, place, shown, said)

    def _read(
        self, video: Video, sentence: str, place: Moment, shown: Sequence[int], said: str
    ) -> Grounding:
        """What the answer means."""
        length = len(video)
        named: list[int] | None = None
        if self.form == "span":
            found = parse.pairs(said)
            if found is not None and all(start < video.duration for start, _ in found):
                moment = _during(video, found) & place
                answer = certain(self.name, sentence, moment, length, self.k)
                return replace(answer, answer=said)
        elif self.form == "frames":
            numbers = parse.numbers(said, len(shown), min(self.k, len(shown)))
            named = None if numbers is None else [shown[number - 1] for number in numbers]
        else:
            share = parse.share(said, 10 if self.form == "tenths" else 0)
            frames = place.frames()
            named = None if share is None else [frames[round(share * (len(frames) - 1))]]
        if named is not None:
            moment = Moment.from_frames(named)
            curve = tuple(map(float, moment.flags(length)))
            return Grounding(sentence, self.name, curve, moment, tuple(named), said)
        return unreadable(self.name, sentence, place, length, self.k, said, self.fallback)


def _during(video: Video, pairs: Sequence[tuple[float, float]]) -> Moment:
    """Frames on screen between the seconds of each pair, at least the one at its start."""
    times, ends = video.times, [*video.times[1:], video.duration]
    moment = Moment.empty()
    for start, end in pairs:
        chosen = [
            frame
            for frame, (begin, stop) in enumerate(zip(times, ends, strict=True))
            if (begin < end and stop > start) or begin <= start < stop
        ]
        moment = moment | Moment.from_frames(chosen)
    return moment
