"""Versions of MomentWorld: how long its videos are, and what is asked how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from momentvos.data.options import World
from momentvos.errors import DataError


@dataclass(frozen=True)
class Version:
    """One version; scenes of two versions share nothing but sprites, motions and grammar.

    lengths: frames of its videos, one of them each. in_turn: whether objects of a group perform the
    same motion one after the other (`turns.sample_turns`), in place of motions of their own.
    kinds: sampling weights of the kinds of expression, among those that a scene has. many: among
    questions of one kind, their weight is this power of their number of targets.
    """

    name: World
    lengths: tuple[int, ...]
    in_turn: bool
    kinds: Mapping[str, float]
    many: float = 0.0

    @property
    def longest(self) -> int:
        """Frames of its longest video."""
        return max(self.lengths)


VERSIONS: dict[str, Version] = {
    one.name: one
    for one in (
        Version(
            "v1",
            lengths=(32,),
            in_turn=False,
            kinds={
                "motion": 1.0,
                "sequence": 0.19,
                "several": 0.2,
                "relation": 0.65,
                "attribute": 0.3,
            },
        ),
        Version(
            "v2",
            lengths=(80, 88, 96),
            in_turn=True,
            kinds={
                "motion": 1.0,
                "sequence": 0.25,
                "several": 2.2,
                "relation": 0.9,
                "attribute": 0.2,
            },
            many=3.0,
        ),
    )
}


def version(name: str) -> Version:
    """The version of a name. Raises DataError for an unknown one."""
    if not isinstance(name, str) or name not in VERSIONS:
        raise DataError(f"'{name}' is not a version of MomentWorld; use {', '.join(VERSIONS)}.")
    return VERSIONS[name]
