"""Progress on stderr: a bar on a terminal, a line every ten seconds elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from momentvos.cli.activity import Activity


class Report(Protocol):
    """Progress callback: `done` of `total` units of a stage are finished."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


@contextmanager
def progress_bar(quiet: bool = False, unit: str = "frames") -> Iterator[Report]:
    """Yield a `Report` of what is going on, in `unit` per second."""
    with Activity(quiet, unit=unit) as activity:
        yield activity


@contextmanager
def download_bar(quiet: bool = False) -> Iterator[Report]:
    """Yield a `Report` of files that arrive, in bytes."""
    with Activity(quiet, unit="bytes") as activity:
        yield activity
