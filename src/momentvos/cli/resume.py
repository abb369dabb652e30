"""``run --resume``: what a run has done is kept beside its results until they are written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.cli.activity import announce
from momentvos.paths import real

if TYPE_CHECKING:
    from momentvos.grounding import Grounding
    from momentvos.results.journal import Journal, State

AFTER = 30.0
"""Seconds of work before a run without --resume keeps anything."""
REMEDY = "ask that one again, choose another folder with -o, or leave --resume out to begin anew"


def progress_folder(out: Path) -> Path:
    """The hidden folder for the progress of a run into `out`, beside it."""
    place = real(out)
    return place.with_name(f".{place.name[-150:]}.momentvos-progress")


@contextmanager
def kept_progress(
    out: Path | None, question: Mapping[str, Any], resume: bool, quiet: bool
) -> Iterator[Journal]:
    """The journal of a run into `out`; it goes once the block is through, and else stays.

    question: facts that tell it from others. resume: go on with what is there. Without `out`
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
        if journal.open and isinstance(sys.exception(), KeyboardInterrupt | SystemExit):
            announce("What is done is kept; the same command with --resume goes on.", quiet)
        journal.close()


def stored_groundings(groundings: list[Grounding]) -> State:
    """Answers of a grounder as a record."""
    from momentvos.results.journal import State

    names = ("sentence", "grounder", "relevance", "frames", "answer", "notes")
    rows = [
        {name: getattr(one, name) for name in names} | {"moment": one.moment.to_list()}
        for one in groundings
    ]
    return State({"groundings": rows})


def read_groundings(state: State) -> list[Grounding]:
    """Answers of a grounder from their record. Raises what is in `UNUSABLE` for another one."""
    from momentvos.grounding.result import Grounding
    from momentvos.moment import Moment

    return [
        Grounding(
            str(row["sentence"]),
            str(row["grounder"]),
            tuple(map(float, row["relevance"])),
            Moment(row["moment"]),
            tuple(map(int, row["frames"])),
            row["answer"],
            tuple(map(str, row["notes"])),
        )
        for row in state.values["groundings"]
    ]
