"""Grounders without a model: every frame, evenly spread ones, given or annotated spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentvos.grounding.context import Truth
from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import TOP_K, keyframes
from momentvos.moment import Moment, midpoints

if TYPE_CHECKING:
    from momentvos.media import Video


@dataclass(frozen=True)
class Everything:
    """Every frame, which makes TGL its baseline SAMWISE."""

    name: str = "all"
    k: int = TOP_K

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        places = allowed(video, sentences, inside)
        return [certain(self.name, *pair, len(video), self.k) for pair in _pairs(sentences, places)]


@dataclass(frozen=True)
class Uniform:
    """The middle frames of k equal parts of what may be chosen."""

    k: int = TOP_K

    @property
    def name(self) -> str:
        return f"uniform:{self.k}"

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        places = allowed(video, sentences, inside)
        chosen = [Moment.from_frames(midpoints(place.frames(), self.k)) for place in places]
        return [certain(self.name, *pair, len(video), self.k) for pair in _pairs(sentences, chosen)]


@dataclass(frozen=True)
class FixedSpans:
    """One moment for all sentences, as text of `Moment.parse`.

    Grounding raises MomentError where the text is malformed or lies outside the video.
    """

    text: str
    k: int = TOP_K

    @property
    def name(self) -> str:
        return self.text

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        fixed = Moment.parse(self.text, video.times, video.fps)
        chosen = [fixed & place for place in allowed(video, sentences, inside)]
        return [certain(self.name, *pair, len(video), self.k) for pair in _pairs(sentences, chosen)]


@dataclass(frozen=True)
class Oracle:
    """The annotated moments (TGL's *Oracle* setting)."""

    truth: Truth
    name: str = "oracle"
    k: int = TOP_K

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        places = allowed(video, sentences, inside)
        annotated = self.truth(video, sentences)
        chosen = [true & place for true, place in zip(annotated, places, strict=True)]
        return [certain(self.name, *pair, len(video), self.k) for pair in _pairs(sentences, chosen)]


def certain(name: str, sentence: str, moment: Moment, length: int, k: int) -> Grounding:
    """The grounding of a moment: relevance is 1 inside and 0 outside."""
    relevance = tuple(map(float, moment.flags(length)))
    return Grounding(sentence, name, relevance, moment, keyframes(relevance, moment, k))


def _pairs(sentences: Sequence[str], moments: Sequence[Moment]) -> list[tuple[str, Moment]]:
    return list(zip(sentences, moments, strict=True))
