"""Answers about the frames of a stream, kept on disk until its end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, NamedTuple

from momentvos.errors import OutputError
from momentvos.json_text import from_text, to_text


class Kept(NamedTuple):
    """What is kept of one sentence in one frame.

    time: start in seconds. relevance, score: 0..1. inside: whether it belongs to the moment.
    counts: of the mask's RLE; None: no mask.
    """

    time: float
    relevance: float
    inside: bool
    score: float
    counts: str | None


class KeptAnswers:
    """Answers about consecutive frames, up to a number of them, in a temporary file.

    Memory does not grow with them. Once there are more than may be kept, none are, and the file is
    gone.

    Args:
        most: answers that may be kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._file: IO[str] | None = None
        if most:
            self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115

    def __len__(self) -> int:
        """Number of answers that were given, kept or not."""
        return self._count

    @property
    def complete(self) -> bool:
        """Whether all answers are kept."""
        return self._file is not None

    def append(self, answer: Kept) -> None:
        """Keep an answer. Raises OutputError where the disk has no room."""
        self._count += 1
        if self._count > self._most:
            self.close()
        if self._file is None:
            return
        try:
            self._file.write(to_text(answer) + "\n")
        except OSError as error:
            raise OutputError(
                f"The answers cannot be kept in '{tempfile.gettempdir()}': {error.strerror}; set "
                "TMPDIR to a folder with more room, or keep fewer: stream(..., keep=0)."
            ) from None

    def __iter__(self) -> Iterator[Kept]:
        """The kept answers, in order."""
        if self._file is not None:
            self._file.seek(0)
            for line in self._file:
                yield Kept(*from_text(line))

    def close(self) -> None:
        """Drop what is kept."""
        if self._file is not None:
            self._file.close()
            self._file = None
