"""A grounder inside another one's spans (TGL Table 4c-4e)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from momentvos.grounding.protocol import Grounder, Report
from momentvos.grounding.result import Grounding
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video


@dataclass(frozen=True)
class Hybrid:
    """Spans of `first`, in which `second` chooses. An empty span stays empty."""

    first: Grounder
    second: Grounder

    @property
    def name(self) -> str:
        return f"{self.first.name}+{self.second.name}"

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        spans = self.first.ground(video, sentences, inside, report)
        rows = [row for row, span in enumerate(spans) if span.moment]
        answers = [replace(span, grounder=self.name) for span in spans]
        if rows:
            chosen = self.second.ground(
                video,
                [sentences[row] for row in rows],
                [spans[row].moment for row in rows],
                report,
            )
            for row, choice in zip(rows, chosen, strict=True):
                notes = tuple(dict.fromkeys((*spans[row].notes, *choice.notes)))
                replies = [span.answer for span in (spans[row], choice) if span.answer is not None]
                answers[row] = replace(
                    choice, grounder=self.name, answer="\n".join(replies) or None, notes=notes
                )
        return answers
