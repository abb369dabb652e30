"""Atomic replacement of a folder of results: all new files appear, or the earlier ones stay."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_directory(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield a hidden temporary folder whose content moves to `folder` if the block succeeds.

    The temporary folder lies on the same disk, so that a `folder` that does not exist yet is
    created by a rename. Otherwise the entries `names` of an earlier result are replaced; if that
    is interrupted, the earlier ones are restored. The last name exists at every moment, because it
    marks the folder as a result. Other entries stay. Raises OSError.
    """
    exists = folder.is_dir()
    home = folder if exists else folder.absolute().parent
    made = [parent for parent in (home, *home.parents) if not parent.exists()]
    home.mkdir(parents=True, exist_ok=True)
    stage = home / f".momentvos-{uuid.uuid4().hex[:12]}"
    try:
        new = stage / "new"
        new.mkdir(parents=True)
        yield new
        if exists:
            _swap(stage, folder, names)
        else:
            new.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        for parent in made:
            _remove_if_empty(parent)


def _swap(stage: Path, folder: Path, names: Sequence[str]) -> None:
    new, old = stage / "new", stage / "old"
    old.mkdir()
    coming = [name for name in names if (new / name).exists()]
    try:
        for name in names:
            there = (folder / name).exists()
            if there and name == names[-1]:
                shutil.copy2(folder / name, old / name)
            elif there:
                (folder / name).rename(old / name)
            if name in coming:
                (new / name).replace(folder / name)
    except BaseException:
        _put_back(stage, folder, names, coming)
        raise


def _put_back(stage: Path, folder: Path, names: Sequence[str], coming: Sequence[str]) -> None:
    """Undo a swap that was interrupted anywhere, judging by the files' positions alone."""
    new, old, spoiled = stage / "new", stage / "old", stage / "spoiled"
    spoiled.mkdir()
    for name in names:
        if name in coming and not (new / name).exists():
            (folder / name).rename(spoiled / name)
        if (old / name).exists() and not (folder / name).exists():
            (old / name).rename(folder / name)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
