"""What is known of a sentence before its answer is, as small files of a job's folder.

The process that computes writes them, a few frames each, so that neither it nor the server holds
or rewrites a whole video; the server reads those that are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from momentvos.errors import PredictionError
from momentvos.json_text import from_text, to_text
from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.regular_file import read_text
from momentvos.results.text_file import save_text

if TYPE_CHECKING:
    from momentvos.systems.session import Partial

PART = 64
"""Frames of a file."""
EVERY = 0.5
"""Seconds between two times that a sentence is shown."""
SOME = 16
"""Frames that are shown without waiting for that."""
SHARE = 40.0
"""Showing takes at most one part in so many of the time."""
_MOST = 64 << 20
_RELEVANCE = "relevance.json"


class Previews:
    """The writing end, for one job. It can be called as often as something changes.

    Args:
        folder: new, or empty.
        say: called with a sentence's number, its moment as far as it is known, and the frames that
            have masks, both as spans.
    """

    def __init__(
        self,
        folder: Path,
        say: Callable[[int, list[list[int]] | None, list[list[int]]], None],
    ) -> None:
        self._folder, self._say = folder, say
        self._begun, self._spent = monotonic(), 0.0
        self._last: dict[int, float] = {}
        self._shown: dict[int, set[int]] = {}
        self._moments: dict[int, Moment | None] = {}

    def __call__(self, number: int, partial: Partial) -> None:
        """Show what is new of a sentence, if it is time for it."""
        start = monotonic()
        shown = len(self._shown.get(number, ()))
        first = not shown and partial.masks.count > 0
        # Masks may come many at once, and then none for long.
        some = partial.masks.count - shown >= SOME
        soon = start - self._last.get(number, -EVERY) < EVERY and not some
        dear = self._spent * SHARE > start - self._begun
        if number in self._last and not first and (soon or dear):
            return
        self._write(number, partial)
        self._last[number] = monotonic()
        self._spent += self._last[number] - start

    def _write(self, number: int, partial: Partial) -> None:
        folder = self._folder / str(number)
        shown = self._shown.setdefault(number, set())
        if number not in self._last:
            folder.mkdir(parents=True, exist_ok=True)
        if number not in self._moments or partial.moment != self._moments[number]:
            values = [round(float(value), 6) for value in partial.relevance]
            save_text(folder / _RELEVANCE, to_text(values))
            self._moments[number] = partial.moment
        fresh = partial.masks.fresh()
        shown.update(fresh)
        masklet = partial.masks.masklet
        for part in sorted({frame // PART for frame in fresh}):
            frames = [one for one in range(part * PART, (part + 1) * PART) if one in shown]
            rows = [(frame, masklet.rle(frame)) for frame in frames]
            masks = {str(frame): "" if row is None else row["counts"] for frame, row in rows}
            content = {"size": list(masklet.size), "masks": masks}
            save_text(folder / f"{part}.json", to_text(content))
        moment = None if partial.moment is None else partial.moment.to_list()
        self._say(number, moment, Moment.from_frames(sorted(shown)).to_list())


def masks_of(folder: Path, size: tuple[int, int], frames: Sequence[int]) -> Masklet:
    """Masks of some frames of a sentence. size: (height, width) of the video.

    folder: of the sentence. Raises OSError where it is gone, ValueError for what cannot be read.
    """
    masklet = Masklet(size)
    for part in sorted({frame // PART for frame in frames}):
        path = folder / f"{part}.json"
        if not path.is_file() and folder.is_dir():
            continue  # none of its frames has come
        content: dict[str, Any] = from_text(read_text(path, _MOST))
        if content["size"] != list(size):
            raise ValueError("its masks are of another size")
        wanted = set(frames)
        try:
            for frame, counts in content["masks"].items():
                if int(frame) in wanted:
                    masklet.set_rle(int(frame), counts)
        except PredictionError as error:
            raise ValueError(str(error)) from None
    return masklet


def relevance_of(folder: Path) -> list[float]:
    """Relevance of all frames of a sentence. Raises as `masks_of`."""
    made: list[float] = from_text(read_text(folder / _RELEVANCE, _MOST))
    return made
