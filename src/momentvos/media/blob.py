"""A file without a path: bytes in memory, or an object elsewhere that is read by ranges."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TypeAlias

BLOCK = 1 << 20
"""Bytes of a range that is fetched."""
_KEPT = 16
"""Ranges that stay in memory."""
_BOXES = 10_000
"""Most boxes on the first level of an ISO file that are looked at."""


class Blob:
    """What can be read from any place, in ranges that are fetched once and kept for a while.

    Args:
        name: stands for a path in messages and results.
        size: in bytes.
        fetch: gives bytes `start` up to, without, `stop`.
    """

    def __init__(self, name: str, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self.name, self.size, self._fetch = name, size, fetch
        self._block = lru_cache(_KEPT)(self._fetched)
        self._idle: list[tuple[int, int]] = []

    @classmethod
    def of(cls, content: bytes, name: str) -> Blob:
        """Bytes in memory."""
        return cls(name, len(content), lambda start, stop: content[start:stop])

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Open it for reading, any number of times."""
        return io.BufferedReader(_Cursor(self), 1 << 15)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` up to, without, `stop`, fewer at the end. Raises what `fetch` raises."""
        parts, stop = [], min(stop, self.size)
        while start < stop:
            end = next((last for first, last in self._idle if first <= start < last), 0)
            if end:
                part = bytes(min(stop, end) - start)
            else:
                number, offset = divmod(start, BLOCK)
                limit = min((first for first, _ in self._idle if first > start), default=stop)
                part = self._block(number)[offset : offset + min(stop, limit) - start]
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    @contextmanager
    def without_media(self) -> Iterator[None]:
        """Give zeros for the pictures and sound of an ISO file (mp4, mov), which are not fetched.

        Its packets' times and places are in other boxes (ISO/IEC 14496-12), which suffice to index
        it.
        """
        self._idle = list(self._media())
        try:
            yield
        finally:
            self._idle = []

    def _media(self) -> Iterator[tuple[int, int]]:
        """Content of the boxes `mdat`."""
        start = 0
        for _ in range(_BOXES):
            head = self.read(start, start + 16)
            if len(head) < 8:
                return
            size, first = int.from_bytes(head[:4], "big"), 8
            if size == 1:
                size, first = int.from_bytes(head[8:16], "big"), 16
            elif size == 0:
                size = self.size - start
            if size < first:
                return
            if head[4:8] == b"mdat":
                yield start + first, start + size
            start += size

    def _fetched(self, number: int) -> bytes:
        return self._fetch(number * BLOCK, min((number + 1) * BLOCK, self.size))

    def __str__(self) -> str:
        """The name."""
        return self.name


class _Cursor(io.RawIOBase):
    """A position in a blob."""

    def __init__(self, blob: Blob) -> None:
        self._blob, self._place = blob, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._place, self._blob.size)[whence]
        self._place = max(base + offset, 0)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._blob.read(self._place, self._place + len(buffer))
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)


Place: TypeAlias = "Path | Blob"
"""Where the bytes of a video are."""
