"""The cases of one door: its files as they are, what failed once, then mutated ones."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.fuzz import fork
from tests.fuzz.door import Door

SETTING_UP = 600
"""Seconds of processor time for what a door needs before its first case."""


@dataclass
class Tally:
    """How the cases of a door ended; str() is its line of the table."""

    HEAD: ClassVar[str] = (
        f"{'door':18} {'cases':>6} {'answered':>9} {'refused':>8} {'bad':>4} {'slowest':>9}"
    )
    name: str
    ends: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def bad(self) -> int:
        return sum(count for kind, count in self.ends.items() if kind in ("fault", "killed"))

    def see(self, end: fork.End) -> None:
        self.ends[end.kind] = self.ends.get(end.kind, 0) + 1
        self.slowest = max(self.slowest, end.seconds)

    def add(self, other: Tally) -> None:
        for kind, count in other.ends.items():
            self.ends[kind] = self.ends.get(kind, 0) + count
        self.slowest = max(self.slowest, other.slowest)

    def __str__(self) -> str:
        answered, refused = self.ends.get("answered", 0), self.ends.get("refused", 0)
        return (
            f"{self.name:18} {sum(self.ends.values()):6} {answered:9} {refused:8} {self.bad:4} "
            f"{self.slowest:7.1f} s"
        )


@dataclass(frozen=True)
class Case:
    """What a file holds. label: how it came to be, unique among a door's cases."""

    label: str
    file: str
    content: bytes


def fuzz(
    name: str, door: Door, count: int, seed: int, seconds: float, place: Path, keep: Path | None
) -> Tally:
    """Run a door's cases in an empty folder for about so many seconds on the clock.

    Each bad end of another kind is printed once. keep: a folder for the files that ended badly.
    """
    end_of_time = time.monotonic() + seconds
    tally, seen = Tally(name), set[str]()
    sound, scratch = place / "sound", place / "tmp"
    for folder in (sound, scratch):
        folder.mkdir()
    tempfile.tempdir = str(scratch)
    os.environ.update(dict.fromkeys(("TMPDIR", "MPLCONFIGDIR", "HF_HOME"), str(scratch)))
    made = fork.run(lambda: door.make(sound), SETTING_UP, (place,))
    if not made.good:
        raise SystemExit(f"{name}: its files cannot be made: {made.kind} {made.text}")
    _before_forking(door, place)
    for case in _cases(name, door, sound, count, seed):
        if time.monotonic() > end_of_time:
            break
        folder = _copy(sound, place / "case")
        path = folder / case.file
        path.unlink()
        path.write_bytes(case.content)
        used = path if door.alone else folder
        writable = (folder / "out", scratch)
        end = fork.run(lambda used=used: door.use(used), door.seconds, writable)
        tally.see(end)
        kind = f"{end.kind} {end.text.split(' at ')[-1][:80]}"
        if end.good or kind in seen:
            continue
        seen.add(kind)
        print(f"  {name} {case.label} ({end.seconds:.1f} s): {end.kind} {end.text}", flush=True)
        if keep is not None:
            label = case.label.replace(" ", "-").replace("/", "-")
            (keep / f"{name}-{label}").write_bytes(case.content)
    return tally


def _before_forking(door: Door, place: Path) -> None:
    """Load what a case needs, on a copy that a case may change."""
    warm = _copy(place / "sound", place / "warm")
    (door.warm or door.use)(warm)
    shutil.rmtree(warm)


def _cases(name: str, door: Door, sound: Path, count: int, seed: int) -> Iterator[Case]:
    for file in door.files:
        yield Case(f"sound {file}", file, (sound / file).read_bytes())
    for file, contents in door.seeds().items():
        for number, content in enumerate(contents):
            yield Case(f"known {number} {file}", file, content)
    files = list(door.files)
    for number in range(count):
        rng = random.Random(f"{name}/{seed}/{number}")
        file = files[number % len(files)]
        how = rng.choice(door.files[file])
        content = how((sound / file).read_bytes(), rng)
        yield Case(f"{seed} {number} {how.__name__} {file}", file, content)


def _copy(sound: Path, to: Path) -> Path:
    """A copy; files are linked, so whoever changes one removes it first."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(sound, to, copy_function=lambda a, b: Path(b).hardlink_to(a))
    return to
