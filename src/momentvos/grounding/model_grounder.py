"""A loaded model as the grounder that it brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from momentvos.grounding.protocol import Grounder, Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import TOP_K, keyframes
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video


class Finder(Protocol):
    """What every system's model can do."""

    def ground(self, video: Any, sentence: str) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame, and the moment it means."""


@dataclass(frozen=True)
class OwnGrounder:
    """Asks the model sentence by sentence."""

    model: Finder
    name: str = "model"
    k: int = TOP_K

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """See `momentvos.grounding.Grounder`."""
        answers = []
        for sentence, place in zip(sentences, allowed(video, sentences, inside), strict=True):
            curve, moment = self.model.ground(video, sentence)
            flags = place.flags(len(video))
            kept = tuple(value if flag else 0.0 for value, flag in zip(curve, flags, strict=True))
            chosen = moment & place
            best = keyframes(kept, chosen, self.k) if chosen else ()
            answers.append(Grounding(sentence, self.name, kept, chosen, best))
            if report is not None:
                report(len(answers), len(sentences))
        return answers


def own_grounder(model: Any) -> Grounder:
    """What the name "model" stands for; TGL's TAM is asked once for all sentences.

    Args:
        model: a loaded model of any system.
    """
    from momentvos.systems.tgl.ground import TamGrounder
    from momentvos.systems.tgl.model import TglModel

    return TamGrounder(model) if isinstance(model, TglModel) else OwnGrounder(model)
