"""Answers of a run on disk: one JSON line per expression, appended and synced, never rewritten.

Each process writes a file of its own under ``answers/``; what a run knows is all of them. A line
that a kill has torn is as if it had never been written.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentvos.json_text import from_text
from momentvos.paths import inside
from momentvos.regular_file import open_regular
from momentvos.results.append_log import Writer, appending, whole_lines
from momentvos.results.exclusive import explained

FOLDER = "answers"

Key = tuple[str, str]
"""Video and expression."""


@dataclass(frozen=True)
class Place:
    """Where a line lies: file, first byte, bytes. failed: whether it tells of an error."""

    path: Path
    offset: int
    size: int
    failed: bool


class Store:
    """What has been answered in the folder of a run, by all processes, at the time of reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self.unreadable = 0
        """Whole lines that are no answers; their expressions are asked again."""
        self._places: dict[Key, Place] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read everything again, for what other processes have written since."""
        self._places.clear()
        self.unreadable = 0
        for path in sorted(self.folder.glob("*.jsonl")):
            self._scan(path)

    def _scan(self, path: Path) -> None:
        for offset, line in whole_lines(path):
            self._note(path, offset, line)

    def _note(self, path: Path, offset: int, line: bytes) -> None:
        try:
            row = from_text(line)
            key = str(row["video"]), str(row["expression"])
            failed = row["error"] is not None
        except (ValueError, KeyError, TypeError):
            self.unreadable += 1
            return
        known = self._places.get(key)
        if known is None or known.failed or not failed:
            self._places[key] = Place(path, offset, len(line), failed)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def done(self, key: Key) -> bool:
        """Whether the expression has been answered without an error."""
        place = self._places.get(key)
        return place is not None and not place.failed

    def load(self, key: Key) -> dict[str, Any]:
        """The line of an expression. Raises KeyError where there is none, OutputError on disk."""
        place = self._places[key]
        with explained(place.path), open_regular(place.path) as file:
            file.seek(place.offset)
            line: dict[str, Any] = from_text(file.read(place.size))
        return line


def writing(folder: Path, name: str) -> AbstractContextManager[Writer]:
    """A writer of ``answers/name.jsonl``, alone on it; a torn last line is cut off.

    Its lines are JSON objects with `video`, `expression` and `error`. Raises OutputError where
    another process writes the same file, or the disk refuses.
    """
    return appending(inside(folder, FOLDER, f"{name}.jsonl"))
