"""Files of others in a folder of results: linked into its next version."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from momentvos.results.stage import in_use, is_stage

MOST = 1000
"""Entries that are worth linking; a folder with more is changed in place."""

Carried = dict[str, tuple[int, int]]
"""Path below the folder -> device and number of the file."""


def carry(old: Path, new: Path, ours: re.Pattern[str], carried: Carried, above: str = "") -> None:
    """Link all that is not ours from `old` into `new`, in the same places.

    ours: matches the paths, below the folder and with slashes, of results. carried: gets what was
    linked. above: only what lies in this part of the folder, which ends with a slash. Raises
    OSError where something cannot be linked, lies on another disk, or is too much.
    """
    device = old.stat().st_dev
    folders = []
    for path, entry in _foreign(old, ours, above):
        facts = entry.stat(follow_symlinks=False)
        if len(carried) == MOST or facts.st_dev != device:
            raise OSError(errno.EXDEV, "too much else lies in the folder", str(old / path))
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not entry.is_dir(follow_symlinks=False):
            os.link(old / path, target, follow_symlinks=False)
        elif os.access(old / path, os.R_OK | os.W_OK | os.X_OK):
            target.mkdir()
            folders.append(path)
        else:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(old / path))
        carried[path] = facts.st_dev, facts.st_ino
    for path in reversed(folders):  # after their content, for their times
        like(old / path, new / path)


def copy(old: Path, new: Path, ours: re.Pattern[str], above: str) -> None:
    """Copy what `carry` would link."""
    for path, entry in _foreign(old, ours, above):
        if entry.is_dir(follow_symlinks=False):
            (new / path).mkdir(parents=True, exist_ok=True)
        else:
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old / path, new / path, follow_symlinks=False)


def drop(new: Path, carried: Carried) -> None:
    """Undo `carry`. Raises OSError."""
    for path in reversed(carried):
        if _is_folder(new / path):
            (new / path).rmdir()
        else:
            (new / path).unlink()
    carried.clear()


def reconcile(
    old: Path, new: Path, ours: re.Pattern[str], carried: Carried, above: str = ""
) -> None:
    """Repeat in `new` what others have done in `old` since `carry`: files made, replaced, removed.

    Raises OSError.
    """
    there = set()
    for path, entry in _foreign(old, ours, above):
        there.add(path)
        if entry.is_dir(follow_symlinks=False):
            (new / path).mkdir(parents=True, exist_ok=True)
        elif carried.get(path) != _number(old / path):
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (old / path).replace(new / path)
    for path in sorted(carried.keys() - there, reverse=True):
        with suppress(OSError):  # somebody works there
            if _is_folder(new / path):
                (new / path).rmdir()
            elif _number(new / path) == carried[path]:
                (new / path).unlink()
    with os.scandir(old) as entries:
        working = [one.name for one in entries if is_stage(one) and in_use(old / one.name)]
    for name in working:
        (old / name).rename(new / name)


def like(old: Path, new: Path) -> None:
    """Give a folder the owner, rights and attributes of another one. Raises OSError."""
    wanted, found = old.stat(), new.stat()
    if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
        os.chown(new, wanted.st_uid, wanted.st_gid)
    shutil.copystat(old, new)


def _foreign(
    folder: Path, ours: re.Pattern[str], above: str = ""
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What is not ours, folders before their content. Symbolic links are not followed."""
    with os.scandir(folder / above) as entries:
        for entry in list(entries):
            path = f"{above}{entry.name}"
            if not above and is_stage(entry):
                continue
            if ours.fullmatch(path) is None:
                yield path, entry
            if entry.is_dir(follow_symlinks=False):
                yield from _foreign(folder, ours, f"{path}/")


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _number(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
