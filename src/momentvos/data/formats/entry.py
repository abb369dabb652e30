"""Typed access to values of data files, with their path and key for error messages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from momentvos.errors import DataError
from momentvos.regular_file import read_bytes

Part = TypeVar("Part")
Made = TypeVar("Made")
MOST_BYTES = 4 << 30
"""Largest text file that is read."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class BrokenEntry(DataError):
    """A file, or a value in it, that is missing or wrong: one sentence with path and key.

    why: the end of the sentence, such as "is missing".
    note: whether published files have the fault too; the value is then repaired or left out.
    """

    def __init__(self, path: Path, key: str, why: str, note: bool = False) -> None:
        label = " ".join(key.split()) if len(key) <= 300 else f"{' '.join(key[:300].split())}…"
        super().__init__(f"In {path}, {label} {why}." if key else f"{path} {why}.")
        self.path, self.key, self.why, self.note = path, key, why, note

    def __reduce__(self) -> tuple[Any, ...]:
        return BrokenEntry, (self.path, self.key, self.why, self.note)


Report = Callable[[BrokenEntry], None]
"""Callback for a broken entry; the reader then goes on with the next one."""


def refuse(broken: BrokenEntry) -> None:
    """Raise the first broken entry; ignore notes."""
    if not broken.note:
        raise broken


def gather(
    parts: Iterable[Part], read: Callable[[Part], Iterable[Made]], report: Report
) -> list[Made]:
    """What `read` makes of all parts; a broken entry ends its part alone, and goes to `report`."""
    made: list[Made] = []
    for part in parts:
        try:
            made += read(part)
        except BrokenEntry as broken:
            report(broken)
    return made


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a JSON file and its key path there, such as ``videos/cats/frames``.

    Every method raises BrokenEntry where the value has another type.
    """

    path: Path
    key: str
    value: Any

    def broken(self, why: str, note: bool = False) -> BrokenEntry:
        """Make the error that names this entry."""
        return BrokenEntry(self.path, self.key, why, note)

    def __getitem__(self, name: str) -> Entry:
        """Value of a required key."""
        value = self.object()
        if name not in value:
            raise self.broken(f"lacks '{name}'")
        return self._child(name, value[name])

    def get(self, name: str) -> Entry | None:
        """Value of a key, None where it is absent or null."""
        value = self.object().get(name)
        return None if value is None else self._child(name, value)

    def items(self) -> Iterator[tuple[str, Entry]]:
        """Keys and values of an object. Raises BrokenEntry for a duplicate key."""
        value = self.object()
        if isinstance(value, _Doubled):
            raise self._child(value.twice, None).broken("is there more than once")
        return ((name, self._child(name, one)) for name, one in value.items())

    def each(self) -> Iterator[Entry]:
        """Values of a list."""
        return (self._child(str(place), one) for place, one in enumerate(self.list()))

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.broken("is not an object")
        return self.value

    def list(self) -> list[Any]:
        if not isinstance(self.value, list):
            raise self.broken("is not a list")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.broken("is not a text")
        if not self.value.isascii() and _SURROGATE.search(self.value):
            raise self.broken("is half of a letter (a lone surrogate), which is no text")
        return self.value

    def name(self) -> str:
        """Text, or whole number, that is safe as a relative path."""
        value = str(self.value) if type(self.value) is int else self.text()
        return check_name(value, self)

    def whole(self) -> int:
        if type(self.value) is not int:
            raise self.broken("is not a whole number")
        return self.value

    def number(self) -> float:
        if type(self.value) not in (int, float) or not abs(self.value) < 1e12:
            raise self.broken("is not a number")
        return float(self.value)

    def _child(self, name: str, value: Any) -> Entry:
        return Entry(self.path, f"{self.key}/{name}" if self.key else name, value)


def check_name(value: str, place: Entry) -> str:
    """Return the text. Raises BrokenEntry where it cannot be a path inside a folder."""
    path = PurePosixPath(value)
    long = len(value) > 60 and (  # shorter ones always fit; a part may have 255 bytes
        len(value) > 1024 or any(len(part.encode()) > 240 for part in path.parts)
    )
    if not value or path.is_absolute() or ".." in path.parts or "\0" in value or long:
        raise place.broken(f"is '{value[:80]}', which cannot name a file or folder")
    return value


def load(path: Path) -> Entry:
    """Load a JSON file. Raises BrokenEntry where it is missing or malformed."""
    try:
        return Entry(path, "", json.loads(read_text(path), object_pairs_hook=_object))
    except (ValueError, RecursionError) as error:
        raise BrokenEntry(path, "", f"cannot be read as JSON ({error})") from None


def load_lines(path: Path, report: Report = refuse) -> Iterator[Entry]:
    """Load a file with one JSON value per line; malformed lines are reported."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield Entry(path, f"line {number}", json.loads(line, object_pairs_hook=_object))
        except (ValueError, RecursionError) as error:
            report(BrokenEntry(path, f"line {number}", f"cannot be read as JSON ({error})"))


def read_text(path: Path, encodings: Iterable[str] = ("utf-8",)) -> str:
    """Read a text file in the first of the encodings that fits. Raises BrokenEntry."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BrokenEntry(path, "", "is too large")
        data = read_bytes(path, MOST_BYTES)
    except FileNotFoundError:
        raise BrokenEntry(path, "", "is missing; give the folder that holds the data set") from None
    except OSError as error:
        raise BrokenEntry(path, "", f"cannot be read ({error.strerror})") from None
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BrokenEntry(path, "", f"is not a text in {' or '.join(encodings)}")


class _Doubled(dict[str, Any]):
    twice = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled, seen = _Doubled(made), set()
    for name, _ in pairs:
        if name in seen:
            doubled.twice = name
        seen.add(name)
    return doubled
