"""A stream kept in a file: frames are read more than once, and sought, which a pipe cannot do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from momentvos.errors import VideoError

BLOCK = 1 << 20
"""Bytes that are read at once."""
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", re.ASCII)


def size(text: str) -> int:
    """Bytes of a text like 500MB, 1.5GiB or 4000000. Raises VideoError for another."""
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None or match[2] not in _UNITS or float(match[1]) <= 0:
        raise VideoError(f"'{text[:40]}' is no size: write bytes like 500MB or 4GB.")
    return int(float(match[1]) * _UNITS[match[2]])


def readable(count: int) -> str:
    """Bytes as people say them."""
    for unit in ("TB", "GB", "MB", "kB"):
        if count >= _UNITS[unit.lower()]:
            return f"{count / _UNITS[unit.lower()]:.4g} {unit}"
    return f"{count} bytes"


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """What a stream gives, up to its end."""
    while block := stream.read(BLOCK):
        yield block


def spool(
    parts: Iterable[bytes],
    target: Path,
    most: int,
    what: str,
    report: Callable[[int], None] | None = None,
) -> int:
    """Write a stream to a new file and return its bytes.

    Args:
        parts: of the stream, in order.
        target: the file; its folder exists.
        most: bytes after which it is given up.
        what: the stream in words, for errors.
        report: called with the bytes that are there.

    Raises:
        VideoError: it is empty, of more than `most` bytes, or does not fit on the disk.
    """
    count = 0
    try:
        with target.open("xb") as file:
            for part in parts:
                count += len(part)
                if count > most:
                    raise VideoError(
                        f"{what} has more than {readable(most)}; --input-limit allows more."
                    )
                file.write(part)
                if report is not None:
                    report(count)
    except OSError as error:
        free = shutil.disk_usage(target.parent).free
        raise VideoError(
            f"{what} cannot be kept in '{target.parent}' ({error.strerror or error}; "
            f"{readable(free)} are free); set TMPDIR to a folder with more room."
        ) from error
    if count == 0:
        raise VideoError(f"{what} is empty; it holds no video.")
    return count
