"""Replacement of results inside a folder that must stay itself, by a pointer that is turned once.

For each result the folder first gets a symbolic link that leads through a pointer, ``now``, to the
earlier one; the pointer is then turned to the new results; and the links give way to these. Through
the links the folder shows one version at every moment. Where folders cannot be exchanged in one
step, or symbolic links cannot be made (Windows), a folder of masks is away for a moment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from momentvos.results.exchange import exchange
from momentvos.results.stage import NAME

POINTER = "now"


def replace_in_place(folder: Path, stage: Path, ours: re.Pattern[str]) -> None:
    """Replace the results in `folder` by those in ``stage/new``; `stage` lies in `folder`.

    ours: as in `foreign.carry`. Earlier results that have no successor go. Raises OSError, with the
    earlier results back in place.
    """
    (stage / "old").mkdir()
    names = {*results(folder, ours), *_listed(stage / "new")}
    try:
        _point(stage, "old")
    except OSError:
        _one_by_one(folder, stage, names)
        return
    try:
        for name in sorted(names):
            _lead(folder, stage, name)
        _point(stage, "new")
    finally:
        settle(folder, stage)


def results(folder: Path, ours: re.Pattern[str]) -> list[str]:
    """Names of the results that lie directly in a folder."""
    every = (entry.name for entry in folder.iterdir())
    return [name for name in every if ours.fullmatch(name) and not NAME.fullmatch(name)]


def settle(folder: Path, stage: Path) -> None:
    """Put the results to which the pointer leads in place of the links, wherever that broke off."""
    try:
        version = str((stage / POINTER).readlink())
    except OSError:
        return  # nothing was begun
    held = stage / version
    if version not in ("old", "new") or held.is_symlink():
        return  # not of this module's making
    links = [name for name in _listed(folder) if _is_link(folder / name, stage)]
    missing = [name for name in _listed(held) if not os.path.lexists(folder / name)]
    for name in sorted({*links, *missing}):
        if not os.path.lexists(held / name) or _is_link(held / name, stage):
            (folder / name).unlink(missing_ok=True)  # this version has no such result
        else:
            _put(held / name, folder / name)


def _point(stage: Path, version: str) -> None:
    (stage / "next").symlink_to(version, target_is_directory=True)
    (stage / "next").replace(stage / POINTER)


def _lead(folder: Path, stage: Path, name: str) -> None:
    """Put the link in the place of an earlier result, which moves to ``stage/old``."""
    place, old = folder / name, stage / "old" / name
    target = _target(stage, name)
    if not os.path.lexists(place):
        place.symlink_to(target)
        return
    old.symlink_to(target)
    try:
        exchange(place, old)
    except OSError:
        old.unlink()
        place.rename(old)
        place.symlink_to(target)


def _put(held: Path, place: Path) -> None:
    if not held.is_dir() or held.is_symlink():
        held.replace(place)
        return
    try:
        exchange(held, place)
    except OSError:
        place.unlink(missing_ok=True)
        held.rename(place)


def _target(stage: Path, name: str) -> str:
    return f"{stage.name}/{POINTER}/{name}"


def _is_link(path: Path, stage: Path) -> bool:
    try:
        return path.readlink() == Path(_target(stage, path.name))
    except OSError:
        return False


def _listed(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _one_by_one(folder: Path, stage: Path, names: Iterable[str]) -> None:
    new, old = stage / "new", stage / "old"
    moved: list[str] = []
    try:
        for name in sorted(names):
            moved.append(name)
            if os.path.lexists(folder / name):
                (folder / name).rename(old / name)
            if os.path.lexists(new / name):
                (new / name).rename(folder / name)
    except BaseException:
        for name in moved:
            if os.path.lexists(old / name):
                with suppress(OSError):
                    (folder / name).rename(new / name)
                (old / name).rename(folder / name)
        raise
