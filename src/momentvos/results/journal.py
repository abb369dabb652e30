"""A journal: what a long work has done so far, kept on disk so that a killed run can go on.

A folder of records, each a safetensors file with numbers and text in its metadata, that appear
whole or not at all. It belongs to one question; answers to another one are never mixed in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from momentvos.errors import OutputError
from momentvos.json_text import from_text, to_text
from momentvos.paths import inside
from momentvos.regular_file import read_text
from momentvos.results.claim import verb
from momentvos.results.exclusive import locked
from momentvos.results.record import State, read_record, write_record
from momentvos.results.text_file import save_json

QUESTION, LOCK = "question.json", ".lock"
_RECORD = re.compile(r"[a-z0-9-]{1,80}\.safetensors")
_OURS = re.compile(rf"{_RECORD.pattern}|{re.escape(QUESTION)}|{re.escape(LOCK)}|\.\S+\.new")
_HASH = re.compile("[0-9a-f]{32}")
LEAST = 1.0
"""Least seconds between two times that progress is kept."""
SHARE = 20.0
"""Keeping takes at most one part in so many of the time."""
LOST = 0.01
"""Share of the work so far that a kill may cost once that is more than `LEAST`."""
REMEDY = "give another folder, or remove that one"

T = TypeVar("T")
UNUSABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError)
"""What a reader of a record raises where it holds something else than it should."""


class Journal:
    """Records by key, of one question; without a folder nothing is kept and nothing is there.

    Attributes:
        notes: what the user should know of it, such as that a record was damaged.

    Args:
        folder: where records lie; made when there is something to keep.
        question: gives facts by name that tell this question from others, asked when they are
            needed.
        after: seconds of work before anything is kept.
    """

    def __init__(
        self,
        folder: Path | None = None,
        question: Callable[[], Mapping[str, Any]] = dict,
        after: float = 0.0,
    ) -> None:
        self._folder, self._ask = folder, question
        self.notes: list[str] = []
        self._after = after
        self._begun = self._last = monotonic()
        self._spent = 0.0
        self._goes_on = False
        self._handle: int | None = None
        self._waiting: dict[str, State] = {}

    def __bool__(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    @property
    def open(self) -> bool:
        """Whether there is something in its folder, of this process or one before."""
        return self._handle is not None

    @property
    def stopped(self) -> bool:
        """Whether its folder holds the progress of a process that has ended."""
        return self._folder is not None and (self._folder / QUESTION).is_file()

    @property
    def due(self) -> bool:
        """Whether enough has been done since the last time for progress to be kept."""
        if self._folder is None:
            return False
        now = monotonic()
        if now - self._begun < max(self._after, SHARE * self._spent):
            return False
        return now - self._last >= max(LEAST, LOST * (now - self._begun))

    def get(self, key: str) -> State | None:
        """The record of a key; None where there is none, or it cannot be read, which is noted."""
        if key in self._waiting:
            return self._waiting[key]
        if self._handle is None or self._folder is None:
            return None
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            return read_record(path)
        except (OSError, ValueError):
            self.damaged(key)
            return None

    def put(self, key: str, state: State) -> None:
        """Keep a record, in place of an earlier one of the key.

        Where the disk refuses, nothing more is kept, which is noted; the work itself goes on.
        """
        if self._folder is None:
            return
        if self._handle is None and monotonic() - self._begun < self._after:
            self._waiting[key] = state
            return
        start = monotonic()
        try:
            self._open()
            for name in list(self._waiting):
                write_record(self._path(name), self._waiting.pop(name))
            write_record(self._path(key), state)
        except OSError as error:
            self._give_up(error.strerror or str(error))
        except OutputError as error:
            self._give_up(str(error).rstrip("."))
        self._last = monotonic()
        self._spent += self._last - start

    def drop(self, *keys: str) -> None:
        """Forget records that are of no more use."""
        for key in keys:
            self._waiting.pop(key, None)
            if self._handle is not None:
                with suppress(OSError):
                    self._path(key).unlink(missing_ok=True)

    def memo(
        self,
        key: str,
        make: Callable[[], T],
        store: Callable[[T], State],
        load: Callable[[State], T],
    ) -> T:
        """What `make` gives, made once: read from the record of the key where there is one."""
        if self._folder is None:
            return make()
        state = self.get(key)
        if state is not None:
            try:
                return load(state)
            except UNUSABLE:
                self.damaged(key)
        made = make()
        self.put(key, store(made))
        return made

    def damaged(self, key: str) -> None:
        """Note that a record is of no use, and forget it."""
        self.notes.append(
            f"the progress '{key}' in '{self._folder}' is damaged, so that part was done anew"
        )
        self.drop(key)

    def resume(self, remedy: str = REMEDY) -> bool:
        """Go on with the folder's records; whether there are any.

        remedy: what to do where they are of another question, the end of a sentence.
        Raises OutputError where they are, or another process works there.
        """
        there = self._stored()
        if there is None:
            return False
        for name, value in self._question.items():
            if there.get(name) != value:
                raise OutputError(
                    f"'{self._folder}' holds the progress of another question (its {name} "
                    f"{_differs(name, there.get(name), value)}); {remedy}."
                )
        self._goes_on = True
        try:
            self._open()
        except OSError as error:
            raise OutputError(
                f"Cannot use '{self._folder}': {error.strerror or error}; {remedy}."
            ) from None
        return True

    def close(self) -> None:
        """Let others have the folder, with what is in it."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle = None

    def remove(self) -> None:
        """Remove the folder's records, and the folder where nothing else is in it.

        They stay where another process works there.
        """
        folder = self._folder
        if folder is None or not folder.is_dir():
            return
        with suppress(OSError, OutputError):
            if self._handle is None:
                self._lock()
            for one in _ours(folder):
                one.unlink(missing_ok=True)
            folder.rmdir()
        self.close()

    @cached_property
    def _question(self) -> dict[str, Any]:
        return dict(self._ask())

    def _stored(self) -> dict[str, Any] | None:
        """The question of the folder's records."""
        if self._folder is None or not (self._folder / QUESTION).is_file():
            return None
        try:
            read = from_text(read_text(self._folder / QUESTION))
        except (OSError, ValueError):
            read = None
        if isinstance(read, dict):
            return read
        self.notes.append(f"the progress in '{self._folder}' is damaged, so all was done anew")
        return None

    def _open(self) -> None:
        """Make the folder ours. What is there goes, unless we go on with it."""
        if self._handle is not None:
            return
        assert self._folder is not None
        self._lock()
        if not self._goes_on:
            for one in _ours(self._folder):
                if one.name != LOCK:
                    one.unlink(missing_ok=True)
            save_json(self._folder / QUESTION, self._question)

    def _lock(self) -> None:
        assert self._folder is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        if not locked(handle, wait=False):
            os.close(handle)
            raise OutputError(
                f"Another run keeps its progress in '{self._folder}'; wait for it, or choose "
                "another folder."
            )
        self._handle = handle

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        name = f"{key}.safetensors"
        if _RECORD.fullmatch(name) is None:
            raise ValueError(f"'{key}' names no record")
        return inside(self._folder, name)

    def _give_up(self, reason: str) -> None:
        self.notes.append(
            f"the progress of this run could no longer be kept in '{self._folder}' ({reason})"
        )
        self.close()
        self._folder = None
        self._waiting.clear()


NO_JOURNAL = Journal()
"""Keeps nothing."""


@contextmanager
def resumed(folder: Path, question: Callable[[], Mapping[str, Any]] = dict) -> Iterator[Journal]:
    """A journal that goes on with what the folder holds of the question, and stays when it ends.

    Raises OutputError where it holds another question's, or another process works there.
    """
    journal = Journal(folder, question)
    journal.resume()
    try:
        yield journal
    finally:
        journal.close()


def _ours(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        names = [one.name for one in entries if one.is_file(follow_symlinks=False)]
    yield from (folder / name for name in names if _OURS.fullmatch(name))


def _differs(name: str, there: Any, here: Any) -> str:
    """How two values of a fact differ, where they are short and say something."""
    be = verb(name)
    shown = [to_text(one, ensure_ascii=False) for one in (there, here)]
    if isinstance(here, dict) or max(map(len, shown)) > 200 or _HASH.fullmatch(str(here)):
        return f"{be} {'others' if be == 'are' else 'another one'}"
    return f"{be} {shown[0]}, not {shown[1]}"
