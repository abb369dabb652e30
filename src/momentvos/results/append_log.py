"""A file of JSON lines that is only appended to, each line on disk before the next begins.

A line that a kill has torn is as if it had never been written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from momentvos.errors import OutputError
from momentvos.json_text import to_text
from momentvos.regular_file import open_regular
from momentvos.results.exclusive import explained, locked


class Writer:
    """Appends lines to one file, each of them on disk when `append` returns."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a JSON object as a line.

        Raises OutputError; what was written before stays whole.
        """
        line = to_text(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with explained(self.path):
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
def appending(path: Path) -> Iterator[Writer]:
    """A writer of the file, alone on it; a torn last line is cut off.

    Raises OutputError where another process writes the same file, or the disk refuses.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not locked(handle, wait=False):
            raise OutputError(
                f"Another process is writing {path}; wait for it, or give every process its own "
                "--shard i/n."
            )
        with explained(path):
            _cut_torn_line(handle)
        yield Writer(path, handle)
    finally:
        os.close(handle)


def whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of every line that is whole. Raises OutputError."""
    offset = 0
    with explained(path), open_regular(path) as file:
        for line in file:
            if line.endswith(b"\n"):
                yield offset, line
            offset += len(line)


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
