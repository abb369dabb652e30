"""Annotated moments from a file, for the oracle."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import DataError, MomentError
from momentvos.json_text import from_text
from momentvos.moment import Moment
from momentvos.regular_file import read_text

if TYPE_CHECKING:
    from momentvos.media import Video

LARGEST = 1 << 28


class Annotations:
    """Annotated moments by video and sentence, from one JSON file of either kind:

    `meta_expressions.json` in MeViS's layout with `moments` (MeViS-M, MomentWorld), in which the
    video is looked up by the name of its file or folder; or ``{"moments": {sentence: WHEN}}`` about
    one video, WHEN being inclusive frame pairs ``[[3, 17]]`` or text like ``"3.2s-5.0s"``.
    Sentences are compared without regard to case and spacing.
    """

    def __init__(self, path: str | Path) -> None:
        """Read the file. Raises DataError where it cannot be read or is of neither kind."""
        self.path = Path(path)
        content = _json(self.path)
        self._videos = content.get("videos")
        self._single = content.get("moments")
        if not isinstance(self._videos, dict) and not isinstance(self._single, dict):
            raise DataError(
                f"'{path}' holds no annotated moments: it has neither 'videos' (MeViS layout) nor "
                "'moments' (a moment per sentence)."
            )

    def __call__(self, video: Video, sentences: Sequence[str]) -> list[Moment]:
        """Moment of each sentence. Raises DataError for a video or sentence without annotation."""
        known = self._of(video)
        length = len(video)
        moments = []
        for sentence in sentences:
            key = _plain(sentence)
            if key not in known:
                raise DataError(self._unknown(sentence, known))
            try:
                moments.append(_moment(known[key], video).clip(length))
            except MomentError as error:
                raise DataError(f"The moment of '{sentence}' in '{self.path}': {error}") from None
        return moments

    def _of(self, video: Video) -> dict[str, Any]:
        """Moments by plain sentence."""
        if not isinstance(self._videos, dict):
            assert isinstance(self._single, dict)
            return {_plain(sentence): when for sentence, when in self._single.items()}
        names = (video.path.name, video.path.stem)
        entry = next((self._videos[name] for name in names if name in self._videos), None)
        if entry is None:
            raise DataError(f"The video '{names[0]}' is not annotated in '{self.path}'.")
        try:
            expressions = list(entry["expressions"].values())
            return {_plain(one["exp"]): one["moments"] for one in expressions if "moments" in one}
        except (KeyError, TypeError, AttributeError):
            raise DataError(f"The video '{names[0]}' in '{self.path}' is malformed.") from None

    def _unknown(self, sentence: str, known: dict[str, Any]) -> str:
        close = difflib.get_close_matches(_plain(sentence), known, n=1)
        hint = f"; is it '{close[0]}'?" if close else "."
        return f"'{sentence}' has no annotated moment in '{self.path}'{hint}"


def _moment(when: Any, video: Video) -> Moment:
    if isinstance(when, str):
        return Moment.parse(when, video.times, video.fps)
    if isinstance(when, dict):
        return reduce(or_, map(Moment, when.values()), Moment.empty())
    if not isinstance(when, list):
        raise MomentError(f"{when!r} is not a list of spans.")
    return Moment(when)


def _plain(sentence: str) -> str:
    return " ".join(sentence.casefold().split())


def _json(path: Path) -> dict[str, Any]:
    try:
        content = from_text(read_text(path, LARGEST))
    except OSError as error:
        raise DataError(f"The annotation '{path}' cannot be read: {error.strerror}.") from None
    except ValueError:
        raise DataError(f"The annotation '{path}' is not a JSON file.") from None
    if not isinstance(content, dict):
        raise DataError(f"The annotation '{path}' is not a JSON object.")
    return content
