"""``run --resume``: what a run has done is kept beside its results until they are written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.cli.activity import announce
from momentvos.paths import real

if TYPE_CHECKING:
    from momentvos.results.journal import Journal

AFTER = 30.0
"""Seconds of work before a run without --resume keeps anything."""
REMEDY = "ask that one again, choose another folder with -o, or leave --resume out to begin anew"


def progress_folder(out: Path) -> Path:
    """The hidden folder for the progress of a run into `out`: beside it, so that it never shows.

    Inside it where `out` is what lasts, such as a volume that is mounted.
    """
    from momentvos.results.atomic_directory import may_move

    place = real(out)
    if place.is_dir() and not may_move(place):
        return place / ".momentvos-progress"
    return place.with_name(f".{place.name[-150:]}.momentvos-progress")


@contextmanager
def kept_progress(
    out: Path | None, question: Callable[[], Mapping[str, Any]], resume: bool, quiet: bool
) -> Iterator[Journal]:
    """The journal of a run into `out`; it goes once the block is through, and else stays.

    question: gives facts that tell it from others. resume: go on with what is there. Without `out`
    nothing is kept. Raises OutputError where what is there is of another question, or in use.
    """
    from momentvos.results.journal import NO_JOURNAL, Journal

    if out is None:
        yield NO_JOURNAL
        return
    journal = Journal(progress_folder(out), question, 0.0 if resume else AFTER)
    if resume:
        journal.resume(REMEDY)
    elif journal.stopped:
        announce(
            f"A run into {out} was stopped, and is kept until this one, which begins anew, has "
            "come as far: add --resume to go on with it.",
            quiet,
        )
    try:
        yield journal
        journal.remove()
    finally:
        for note in journal.notes:
            announce(f"Note: {note}", quiet)
        if journal.open and sys.exception() is not None:
            announce("What is done is kept; the same command with --resume goes on.", quiet)
        journal.close()
