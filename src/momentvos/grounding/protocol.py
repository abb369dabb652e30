"""What every grounder can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from momentvos.grounding.result import Grounding
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video

Report = Callable[[int, int], None]
"""Told how many frames of how many are done."""


class Grounder(Protocol):
    """Says when sentences hold. What does not depend on the sentence is computed once for all."""

    @property
    def name(self) -> str:
        """How a result names the grounder: the text that `--grounder` takes."""

    def ground(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Report | None = None,
    ) -> list[Grounding]:
        """Answer each sentence about one video.

        Args:
            video: frames are read block by block; memory does not grow with the video's length.
            sentences: what to find.
            inside: per sentence the only frames that may be chosen; None for all.
            report: progress.

        Raises:
            VideoError, SentenceError, MomentError: the input is unusable.
            AnswerError: a language model answered something else than what it was asked for.
        """


def allowed(
    video: Video, sentences: Sequence[str], inside: Sequence[Moment] | None
) -> list[Moment]:
    """Per sentence the frames that may be chosen."""
    if inside is None:
        return [Moment.all(len(video))] * len(sentences)
    if len(inside) != len(sentences):
        raise ValueError(f"{len(inside)} moments for {len(sentences)} sentences")
    return [moment.clip(len(video)) for moment in inside]
