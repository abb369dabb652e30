"""Files made of answers, such as overlays: each made once, and kept within a number of bytes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import NamedTuple

from momentvos.server.media import PATIENCE
from momentvos.server.problem import Problem
from momentvos.server.store import Store

FRESH = 60.0
"""Seconds in which a file stays that was asked for: somebody may be about to read it."""
NAME = "rendered-"
"""What the names of their folders begin with, in the folder of a job."""


class Rendered:
    """What is kept of them; beyond the limit those go that nobody has asked for the longest.

    Args:
        most: bytes of all of them. The last one may be over it, and then goes with the next.
        spare: bytes of the disk that stay free.
    """

    def __init__(self, store: Store, most: int, spare: int) -> None:
        self._store, self._most, self._spare = store, most, spare
        self._lock = Lock()
        self._making: dict[Path, Lock] = {}
        self._kept: OrderedDict[Path, _Kept] = OrderedDict()
        there = [
            path for job in store.everything("jobs") for path in store.job(job).glob(f"{NAME}*")
        ]
        for path in sorted(there, key=lambda one: one.stat().st_mtime):
            self._kept[path] = _Kept(_bytes(path), monotonic() - FRESH)

    def file(self, job: str, name: str, make: Callable[[Path], Path]) -> Path:
        """The file of a name; `make` writes it into a folder that is not there yet.

        job: beside whose answers it lies. Raises Problem: 429 where it is being made, or too much
        was made just now; 404 where the job goes meanwhile; 507 a full disk. And what `make`
        raises.
        """
        place = self._store.job(job) / f"{NAME}{name}"
        with self._lock:
            lock = self._making.setdefault(place, Lock())
        if not lock.acquire(timeout=PATIENCE):
            raise Problem(429, "This result is being written; try again soon.", after=5)
        try:
            if not self._use(place):
                self._make_room()
                self._make(place, make)
                self._keep(place)
        finally:
            lock.release()
            with self._lock:
                self._making.pop(place, None)
        made = next((path for path in place.rglob("*") if path.is_file()), None)
        if made is None:
            raise _gone()
        return made

    def _make(self, place: Path, make: Callable[[Path], Path]) -> None:
        out = self._store.incoming / secrets.token_hex(16)
        try:
            made = make(out)
            only = out.with_name(f"{out.name}-only")  # a zip without what was packed
            only.mkdir()
            made.rename(only / made.name)
            try:
                only.rename(place)
            except OSError:
                shutil.rmtree(only, ignore_errors=True)
                if not place.is_dir():  # else another request was first
                    raise _gone() from None
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def _use(self, place: Path) -> bool:
        """Note that it is asked for, also for the next server; False: it is not there."""
        with self._lock:
            known = self._kept.pop(place, None)
            if known is None or not place.is_dir():
                return False
            self._kept[place] = _Kept(known.size, monotonic())
        with suppress(OSError):
            os.utime(place)
        return True

    def _keep(self, place: Path) -> None:
        """Note what was made, and let others go for it."""
        with self._lock:
            self._kept[place] = _Kept(_bytes(place), monotonic())
        self._trim()

    def _make_room(self) -> None:
        """Raise Problem where what has to stay for now is all that may be kept (429, 507)."""
        if self._trim() > self._most:
            raise Problem(429, "Many results were written just now; try again soon.", after=60)
        self._store.check_room(self._spare)

    def _trim(self) -> int:
        """Remove what is too much and not fresh; bytes of what is left."""
        with self._lock:
            left = sum(one.size for one in self._kept.values())
            for place, kept in list(self._kept.items()):
                gone = not place.is_dir()  # with its job
                if not gone and (left <= self._most or monotonic() - kept.used < FRESH):
                    continue
                shutil.rmtree(place, ignore_errors=True)
                del self._kept[place]
                left -= kept.size
            return left


class _Kept(NamedTuple):
    """size: bytes. used: when it was asked for last."""

    size: int
    used: float


def _gone() -> Problem:
    return Problem(404, "The job was removed meanwhile.")


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
