"""A loaded model as the grounder of the name "model"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from momentvos.grounding.part import Part
from momentvos.grounding.protocol import Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import TOP_K, keyframes
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video


class GroundingModel(Protocol):
    """A model with a grounder of its own.

    It may have the method ``groundings(video, sentences, inside, report)`` too, which answers all
    sentences at once as `Grounder.ground` does, and is then called instead.
    """

    def ground(self, video: Any, sentence: str) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame, and the moment it means."""


@dataclass(frozen=True)
class ModelGrounder:
    """The grounder of a model of any system.

    selection: False asks a system without its track selection, as published.
    """

    model: GroundingModel
    name: str = "model"
    k: int = TOP_K
    selection: bool | None = None

    @classmethod
    def of(cls, part: Part, model: GroundingModel, selection: bool | None = None) -> ModelGrounder:
        """That of a part of a spec, which with "~published" is asked as published."""
        return cls(model, selection=False if "published" in part.words else selection)

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """See `momentvos.grounding.Grounder`. Raises ModelError for a model without grounder."""
        together = getattr(self.model, "groundings", None)
        if together is not None:
            options = {} if self.selection is None else {"selection": self.selection}
            groundings: list[Grounding] = together(video, sentences, inside, report, **options)
            return groundings
        answers = []
        for sentence, place in zip(sentences, allowed(video, sentences, inside), strict=True):
            answers.append(self._one(video, sentence, place))
            if report is not None:
                report(len(answers), len(sentences))
        return answers

    def _one(self, video: Video, sentence: str, place: Moment) -> Grounding:
        curve, moment = self.model.ground(video, sentence)
        flags = place.flags(len(video))
        kept = tuple(value if flag else 0.0 for value, flag in zip(curve, flags, strict=True))
        chosen = moment & place
        best = keyframes(kept, chosen, self.k) if chosen else ()
        return Grounding(sentence, self.name, kept, chosen, best)
