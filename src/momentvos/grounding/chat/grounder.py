"""A chat model as a grounder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from momentvos.errors import ModelError
from momentvos.grounding.chat import parse
from momentvos.grounding.chat.question import Form, again, label, misfit, question
from momentvos.grounding.failure import Fallback, unanswered, unreadable
from momentvos.grounding.fixed_spans import certain
from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.scan import evenly
from momentvos.grounding.select import TOP_K
from momentvos.grounding.weights import running
from momentvos.moment import Moment
from momentvos.notice import warn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentvos.media import Video

FRAMES = 16
"""Frames that a chat model sees."""
ATTEMPTS = 3
"""Times that a question is asked until its answer can be read."""


class ChatModel(Protocol):
    """A multimodal language model with a chat template."""

    def generate(self, parts: Sequence[str | NDArray[np.uint8]]) -> str:
        """Answer one question of texts and images uint8 [H, W, 3], in order."""


@dataclass(frozen=True)
class ChatGrounder:
    """A chat model that sees `frames` evenly spread frames and is asked in one of the forms.

    M+ is the answer's seconds ("span") or frames. A question whose answer has another form is asked
    again; where none can be read, AnswerError is raised; with a fallback it counts as that, with a
    note. remote: where frames are sent to, for the user, or "". Once a model behind an endpoint has
    answered about a video, with a fallback, its failures count as the fallback too, so that what it
    has said is not lost.
    """

    name: str
    model: ChatModel
    form: Form = "span"
    k: int = TOP_K
    fallback: Fallback | None = None
    frames: int = FRAMES
    remote: str = ""

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """See `momentvos.grounding.Grounder`; warns where frames are sent to another machine."""
        answers: list[Grounding] = []
        places = allowed(video, sentences, inside)
        if self.remote:
            warn(f"Attention: {self.remote}.", UserWarning, stacklevel=2)
        for number, (sentence, place) in enumerate(zip(sentences, places, strict=True), start=1):
            try:
                answer = self._one(video, sentence, place)
            except ModelError as error:
                if self.fallback is None or not any(one.answer is not None for one in answers):
                    raise
                asked = (self.name, sentence, place, len(video), self.k)
                answer = unanswered(*asked, str(error), self.fallback)
            if self.remote:
                answer = replace(answer, notes=(*answer.notes, self.remote))
            answers.append(answer)
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
        for attempt in range(ATTEMPTS):
            with running(self.name):
                first = [again(misfit(self.form))] if attempt else []
                text = self.model.generate([*first, *parts])
            found = self._read(video, sentence, place, shown, text)
            if found is not None:
                return found
        return unreadable(self.name, sentence, place, len(video), self.k, text, self.fallback)

    def _read(
        self, video: Video, sentence: str, place: Moment, shown: Sequence[int], text: str
    ) -> Grounding | None:
        """The grounding of an answer; None where it has another form."""
        length = len(video)
        named: list[int] | None = None
        if self.form == "span":
            pairs = parse.pairs(text)
            if pairs is not None and all(start < video.duration for start, _ in pairs):
                moment = _during(video, pairs) & place
                answer = certain(self.name, sentence, moment, length, self.k)
                return replace(answer, answer=text)
        elif self.form == "frames":
            numbers = parse.numbers(text, len(shown), min(self.k, len(shown)))
            named = None if numbers is None else [shown[number - 1] for number in numbers]
        else:
            share = parse.share(text, 10 if self.form == "tenths" else 0)
            frames = place.frames()
            named = None if share is None else [frames[round(share * (len(frames) - 1))]]
        if named is None:
            return None
        moment = Moment.from_frames(named)
        curve = tuple(map(float, moment.flags(length)))
        return Grounding(sentence, self.name, curve, moment, tuple(named), text)


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
