"""The protocol of grounders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from momentvos.grounding.result import Grounding
from momentvos.moment import Moment
from momentvos.sentence import check

if TYPE_CHECKING:
    from momentvos.media import Video

Report = Callable[[int, int], None]
"""Progress: number of frames done, and of all."""


class Grounder(Protocol):
    """A grounder, which decides when sentences hold.

    What does not depend on the sentence is computed once for all.
    """

    @property
    def name(self) -> str:
        """Name in results: the text that `--grounder` takes."""

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """Ground each sentence in one video.

        Args:
            video: frames are read block by block; memory does not grow with the video's length.
            sentences: L of them; the answer has as many groundings.
            inside: per sentence the only frames that may be chosen; None for all.
            report: progress.

        Raises:
            VideoError, SentenceError, MomentError: the input is unusable.
            AnswerError: a language model's answer cannot be read.
        """


def allowed(
    video: Video, sentences: Sequence[str], inside: Sequence[Moment] | None
) -> list[Moment]:
    """The frames that may be chosen, per sentence, inside the video.

    Raises SentenceError for a sentence that cannot be asked, ValueError for a another number of
    moments.
    """
    for sentence in sentences:
        check(sentence)
    if inside is None:
        return [Moment.all(len(video))] * len(sentences)
    if len(inside) != len(sentences):
        raise ValueError(f"{len(inside)} moments for {len(sentences)} sentences")
    return [moment.clip(len(video)) for moment in inside]
