"""Answers of a run on disk: one JSON line per expression, appended and synced, never rewritten.

Each process writes a file of its own under ``answers/``; what a run knows is all of them. A line
that a kill has torn is as if it had never been written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentvos.errors import OutputError
from momentvos.json_text import from_text, to_text
from momentvos.paths import inside
from momentvos.regular_file import open_regular

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
        offset = 0
        with _explained(path), open_regular(path) as file:
            for line in file:
                if line.endswith(b"\n"):
                    self._note(path, offset, line)
                offset += len(line)

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
        with _explained(place.path), open_regular(place.path) as file:
            file.seek(place.offset)
            line: dict[str, Any] = from_text(file.read(place.size))
        return line


class Writer:
    """Appends lines to one file, each of them on disk when `append` returns."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a line: a JSON object with `video`, `expression` and `error`.

        Raises OutputError; what was written before stays whole.
        """
        line = to_text(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with _explained(self.path):
            end = os.lseek(self._handle, 0, os.SEEK_END)
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._handle, rest) :]
            except OSError:
                os.ftruncate(self._handle, end)
                raise
            os.fsync(self._handle)


@contextmanager
def writing(folder: Path, name: str) -> Iterator[Writer]:
    """A writer of ``answers/name.jsonl``, alone on it; a torn last line is cut off.

    Raises OutputError where another process writes the same file, or the disk refuses.
    """
    path = inside(folder, FOLDER, f"{name}.jsonl")
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _locked(handle, wait=False):
            raise OutputError(
                f"Another process is writing {path}; wait for it, or give every process its own "
                "--shard i/n."
            )
        with _explained(path):
            _cut_torn_line(handle)
        yield Writer(path, handle)
    finally:
        os.close(handle)


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Only one process at a time is inside for this folder and name; the others wait."""
    path = inside(folder, f".{name}.lock")
    with _explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _locked(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _locked(handle: int, wait: bool) -> bool:
    """Take the lock of an open file; it falls with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where one writer a shard is up to the user
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _cut_torn_line(handle: int) -> None:
    end = os.lseek(handle, 0, os.SEEK_END)
    keep = end
    while keep:
        start = max(keep - (1 << 16), 0)
        os.lseek(handle, start, os.SEEK_SET)
        block = os.read(handle, keep - start)
        found = block.rfind(b"\n")
        if found >= 0:
            keep = start + found + 1
            break
        keep = start
    if keep != end:
        os.ftruncate(handle, keep)
    os.lseek(handle, 0, os.SEEK_END)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"Cannot use {path}: {error.strerror or error}.") from error
