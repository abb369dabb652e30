"""Locks of files, which fall with the process that holds them, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from momentvos.errors import OutputError
from momentvos.paths import inside


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Only one process at a time is inside for this folder and name; the others wait."""
    path = inside(folder, f".{name}.lock")
    with explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        locked(handle, wait=True)
        yield
    finally:
        os.close(handle)


def locked(handle: int, wait: bool) -> bool:
    """Lock an open file; False where another process has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where one writer a file is up to the user
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise an OSError of the block as an OutputError that names the path."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"Cannot use {path}: {error.strerror or error}.") from error
