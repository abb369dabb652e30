"""The K most relevant frames of another grounder's curve in place of its moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from momentvos.grounding.protocol import Grounder, Report, allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import top_k
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video


@dataclass(frozen=True)
class TopFrames:
    """As TGL's Table 4 takes K frames of a VLM. Where `grounder` finds nothing, nothing stays."""

    grounder: Grounder
    k: int

    @property
    def name(self) -> str:
        return f"{self.grounder.name}:{self.k}"

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """See `momentvos.grounding.Grounder`."""
        answers = self.grounder.ground(video, sentences, inside, report)
        places = allowed(video, sentences, inside)
        return [self._top(*pair) for pair in zip(answers, places, strict=True)]

    def _top(self, answer: Grounding, place: Moment) -> Grounding:
        if not answer.moment:
            return replace(answer, grounder=self.name)
        frames = place.frames()
        best = top_k([answer.relevance[frame] for frame in frames], self.k)
        chosen = tuple(frames[one] for one in best)
        return replace(answer, grounder=self.name, moment=Moment.from_frames(chosen), frames=chosen)
