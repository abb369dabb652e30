"""Hidden folder in which results are prepared, locked as long as its process lives."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = re.compile(r"\.momentvos-[0-9a-f]{12}")
_ATTEMPTS = 100
_DAY = 86400.0


@contextmanager
def stage(home: Path) -> Iterator[Path]:
    """Yield a new hidden folder in `home`, removed at the end. Raises OSError."""
    path, handle = _create(home)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def abandoned(home: Path) -> Iterator[Path]:
    """Hidden folders in `home` whose process ended before it could remove them, each locked."""
    try:
        with os.scandir(home) as entries:
            names = sorted(one.name for one in entries if is_stage(one))
    except OSError:
        return
    for name in names:
        try:
            handle = os.open(home / name, os.O_RDONLY)
        except OSError:
            continue  # another user's, or gone
        try:
            if _free(handle):
                yield home / name
        finally:
            os.close(handle)


def is_stage(entry: os.DirEntry[str]) -> bool:
    """Whether a directory's entry is such a folder, in use or not."""
    return NAME.fullmatch(entry.name) is not None and entry.is_dir(follow_symlinks=False)


def in_use(path: Path) -> bool:
    """Whether a process still works in a hidden folder, as far as can be known."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        return not _free(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one process at a time is inside for the folder that `folder` names; the others wait."""
    handle = None
    while True:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except OSError:
            break  # it cannot be read, or this platform opens no folders
        if lock(handle, wait=True) is None or _is_at(folder, handle):
            break
        os.close(handle)  # another process has put another folder in its place meanwhile
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def lock(handle: int, wait: bool) -> bool | None:
    """Lock an open folder: whether it was possible at once; None where there are no such locks."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


def _create(home: Path) -> tuple[Path, int | None]:
    for _ in range(_ATTEMPTS):
        path = home / f".momentvos-{uuid.uuid4().hex[:12]}"
        path.mkdir()
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # taken for abandoned in the moment before its lock
        except OSError:
            return path, None
        if lock(handle, wait=False) is not False and _is_at(path, handle):
            return path, handle
        os.close(handle)
    raise FileExistsError(f"no temporary folder can be kept in {home}")


def _free(handle: int) -> bool:
    """Whether nobody works there; without locks, whether nothing has changed there for a day."""
    taken = lock(handle, wait=False)
    return time.time() - os.fstat(handle).st_mtime > _DAY if taken is None else taken


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False
