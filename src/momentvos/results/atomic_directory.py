"""Atomic replacement of a folder of results: it shows one complete version at every moment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from momentvos.paths import real
from momentvos.results import foreign, in_place
from momentvos.results.exchange import exchange
from momentvos.results.stage import abandoned, alone, stage

EVERYTHING = re.compile(r".*", re.DOTALL)
"""For a folder in which nobody else keeps files."""
NOTHING = re.compile(r"(?!)")
"""For a folder that is new or empty: whatever is in it by the end is others'."""


@contextmanager
def atomic_directory(folder: Path, ours: re.Pattern[str] = EVERYTHING) -> Iterator[Path]:
    """Yield an empty hidden folder whose content becomes that of `folder` if the block succeeds.

    ours: matches the paths below `folder`, with slashes, of results, which are replaced; all else
    stays, also what comes while the block runs. The new version is made beside `folder`, and the
    two change places in one step. Where that is not possible (the file system cannot, `folder` is
    a mount point or the current folder, its parent cannot be written, much else lies in it),
    results are exchanged inside it; see `in_place`. Of two processes at once the later one wins.
    What killed processes have left behind is put in order first. Raises OSError.
    """
    folder = real(folder)  # a link to a folder stays
    home = folder.parent
    made = [parent for parent in (home, *home.parents) if not parent.exists()]
    try:
        home.mkdir(parents=True, exist_ok=True)
        recover(folder)
        with _stage(folder) as place:
            (place / "new").mkdir()
            yield place / "new"
            _appear(folder, place, ours)
    finally:
        for parent in made:
            _remove_if_empty(parent)


def recover(folder: Path) -> None:
    """Put in order what killed processes have left in a folder of results, and beside it."""
    for home in (folder, folder.parent):
        if any(abandoned(home)):
            with alone(home):
                for left in abandoned(home):
                    in_place.settle(home, left)
                    shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """A hidden folder beside `folder`, or in it where it must stay itself."""
    if folder.is_dir() and not may_move(folder):
        with stage(folder) as place:
            yield place
    else:
        with stage(folder.parent) as place:
            yield place


def may_move(folder: Path) -> bool:
    """Whether another folder may take the place of this one."""
    try:
        here = Path.cwd()
    except OSError:
        here = folder.parent  # it has been removed
    # A shell in `folder` would stay in the earlier version, which goes.
    if folder in (here, *here.parents) or os.path.ismount(folder):
        return False
    return os.access(folder.parent, os.W_OK | os.X_OK)


def _appear(folder: Path, place: Path, ours: re.Pattern[str]) -> None:
    new = place / "new"
    if not folder.exists():
        try:
            new.rename(folder)
            return
        except OSError:
            if not folder.is_dir():
                raise
    with alone(folder):
        if place.parent == folder:
            _in_place(folder, place, ours)
        elif not _exchanged(folder, new, ours):
            with stage(folder) as inside:
                shutil.move(new, inside / "new")
                _in_place(folder, inside, ours)


def _exchanged(folder: Path, new: Path, ours: re.Pattern[str]) -> bool:
    """Whether the new version could take the place of `folder`, with all that others keep there."""
    carried: foreign.Carried = {}
    try:
        foreign.carry(folder, new, ours, carried)
        foreign.like(folder, new)
        os.utime(new)
        exchange(folder, new)
    except OSError:
        foreign.drop(new, carried)
        return False
    foreign.reconcile(new, folder, ours, carried)
    return True


def _in_place(folder: Path, place: Path, ours: re.Pattern[str]) -> None:
    """Let new results take the place of those in `folder`, with what others keep among them."""
    new = place / "new"
    shared = [name for name in in_place.results(folder, ours) if _is_folder(folder / name)]
    carried: dict[str, foreign.Carried] = {}
    for name in shared:
        linked = carried.setdefault(f"{name}/", {})
        try:
            foreign.carry(folder, new, ours, linked, f"{name}/")
        except OSError:
            foreign.drop(new, linked)
            foreign.copy(folder, new, ours, f"{name}/")
    in_place.replace_in_place(folder, place, ours)
    for above, linked in carried.items():
        foreign.reconcile(place / "old", folder, ours, linked, above)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
