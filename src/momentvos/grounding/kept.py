"""Answers of grounders as records of a journal."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.grounding.result import Grounding
from momentvos.moment import Moment
from momentvos.results.record import State

_NAMES = ("sentence", "grounder", "relevance", "frames", "answer", "notes")


def stored_groundings(groundings: Sequence[Grounding]) -> State:
    """What a grounder says of some sentences, as a record."""
    rows = [
        {name: getattr(one, name) for name in _NAMES} | {"moment": one.moment.to_list()}
        for one in groundings
    ]
    return State({"groundings": rows})


def read_groundings(state: State) -> list[Grounding]:
    """The same from its record. Raises what is in `UNUSABLE` for another one."""
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
