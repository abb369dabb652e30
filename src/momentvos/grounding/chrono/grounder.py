"""Chrono as a grounder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from momentvos.grounding.chrono.model import Chrono
from momentvos.grounding.chrono.model import load as load
from momentvos.grounding.chrono.timestamps import Timestamps
from momentvos.grounding.failure import Fallback, unreadable
from momentvos.grounding.fixed_spans import certain
from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.scan import evenly
from momentvos.grounding.select import TOP_K
from momentvos.grounding.weights import running
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video


@dataclass(frozen=True)
class ChronoGrounder:
    """Chrono as a grounder: M+ is its answer. Frames are encoded once for all sentences about them.

    The model sees as many frames as its config says (60 in the paper), evenly from what may be
    chosen. An answer that is no list of spans inside the video raises AnswerError; with a
    fallback it counts as that, and a note says so.
    """

    name: str
    chrono: Chrono
    k: int = TOP_K
    fallback: Fallback | None = None

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        places = allowed(video, sentences, inside)
        answers: dict[int, Grounding] = {}
        with torch.inference_mode():
            for place in dict.fromkeys(places):
                rows = [row for row, other in enumerate(places) if other == place]
                shown = evenly(place.frames(), self.chrono.frames)
                if not shown:
                    answers |= {
                        row: certain(self.name, sentences[row], place, len(video), self.k)
                        for row in rows
                    }
                    continue
                timestamps = Timestamps(self.chrono.unit, shown, video.times, video.duration)
                pictures = [frame.rgb for frame in video.read(shown)]
                with running(self.name):
                    features = self.chrono.encode_frames(pictures)
                for row in rows:
                    with running(self.name):
                        text = self.chrono.generate(
                            self.chrono.build_inputs(features, timestamps, sentences[row])
                        )
                    answers[row] = self._answer(sentences[row], place, timestamps, text)
                    if report is not None:
                        report(len(answers), len(sentences))
        return [answers[row] for row in range(len(sentences))]

    def _answer(self, sentence: str, place: Moment, timestamps: Timestamps, text: str) -> Grounding:
        length, moment = len(timestamps.times), timestamps.parse(text)
        if moment is not None:
            grounding = certain(self.name, sentence, moment & place, length, self.k)
            return replace(grounding, answer=text)
        return unreadable(self.name, sentence, place, length, self.k, text, self.fallback)
