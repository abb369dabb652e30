"""Sampling of objects that do the same one after the other, for long videos.

Of a group that shares category and look several perform the same motion, each in its own part of
the video, some of them more than once; the rest of the group does not, and objects of other groups
perform it at other times. So a sentence about all of them has targets that act far apart, and a
short part of the video shows only some of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from momentvos.data.world.atlas import categories
from momentvos.data.world.motion import LENGTHS, Segment
from momentvos.data.world.roles import (
    Relation,
    Role,
    free_motions,
    held_motions,
    sample_look,
    sample_relation,
)
from momentvos.data.world.schedule import REST, duration, window
from momentvos.data.world.split import held_out

OBJECTS = {6: 0.5, 7: 0.5}
LEADERS = {4: 0.3, 5: 0.7}
"""Numbers of objects, and of those in the first group, with their probabilities."""

EVERYONE, AGAIN, ECHO, PAIRS = 0.1, 0.8, 0.75, 0.3
"""Probabilities: that everyone of a group takes a turn, that one of them takes more than one, that
an object of another group does the same, and that such a group takes turns at a motion of its own.
"""

VARIANT, ODD, RELATED = 0.6, 0.2, 0.8
"""Probabilities: that the second group is of the first one's category, in another look, that one of
a group is clearly smaller or bigger, and of a relation."""

ACTS = 3
"""Motions that the first group takes turns at."""

OFTEN = 2.0
"""Sampling weight of the motions that one object may take several turns at; others have 1."""

APART = 6
"""Least number of frames between two turns at the same motion."""

_AGAIN = ("jump", "bounce", "spin", "shake")
_BESIDE = ("enter", "leave")


@dataclass
class _Member:
    """An object whose turns are being planned."""

    name: str
    look: str
    small: bool | None
    turns: list[Segment] = field(default_factory=list)
    verbs: tuple[str, ...] = ()

    def take(
        self,
        rng: np.random.Generator,
        verb: str,
        length: int,
        part: tuple[int, int],
        avoided: Sequence[Segment] = (),
    ) -> Segment | None:
        """Plan a turn in a part of the video, while it is there; None where there is no room."""
        first = [one.stop + 1 + REST for one in self.turns if one.verb == "enter"]
        last = [one.start - 1 - REST for one in self.turns if one.verb == "leave"]
        within = max(part[0], *first, 0), min(part[1], *last, length - 1)
        short = min(duration(rng, verb), duration(rng, verb))
        for frames in (short, LENGTHS[verb][0]):
            span = window(rng, length, (frames, frames), [*self.turns, *avoided], within)
            if span is not None:
                self.turns.append(Segment(verb, *span))
                return self.turns[-1]
        return None


def sample_turns(
    rng: np.random.Generator, split: str, length: int
) -> tuple[list[Role], Relation | None]:
    """Sample the roles of a scene of `length` frames.

    The first group takes turns at `ACTS` motions, later ones at fewer of their own.
    """
    groups = [_group(rng, name, look, size) for name, look, size in _looks(rng)]
    acted: list[Segment] = []
    for place, group in enumerate(groups):
        name = group[0].name
        count = ACTS if place == 0 else int(len(group) > 1 and rng.random() < PAIRS)
        acts = _acts(rng, split, name, count)
        for verb in acts:
            planned = _share(rng, group, verb, length)
            acted += planned if place == 0 else []
        if place > 0:
            _echo(rng, split, group, acted, acts, length)
        _deal(rng, split, group, acts)
    members = [one for group in groups for one in group]
    roles = [Role(m.name, m.look, m.verbs, m.small, tuple(m.turns)) for m in members]
    relation = sample_relation(rng, split, roles, len(groups[0]), RELATED)
    if relation and any(
        turn.verb in _BESIDE
        for index in (relation.actor, relation.other)
        for turn in roles[index].turns
    ):
        relation = None
    return roles, relation


def _looks(rng: np.random.Generator) -> list[tuple[str, str, int]]:
    """Category, look and size of each group; the second may be of the first one's category."""
    count = int(rng.choice(list(OBJECTS), p=list(OBJECTS.values())))
    sizes = [min(int(rng.choice(list(LEADERS), p=list(LEADERS.values()))), count - 1)]
    while sum(sizes) < count:
        left = count - sum(sizes)
        sizes.append(2 if left >= 2 and rng.random() < 0.6 else 1)
    names = [str(name) for name in rng.choice(categories(), len(sizes), replace=False)]
    if len(sizes) > 1 and rng.random() < VARIANT:
        names[1] = names[0]
    made: list[tuple[str, str, int]] = []
    for name, size in zip(names, sizes, strict=True):
        look = sample_look(rng, name, {look for other, look, _ in made if other == name})
        made.append((name, look, size))
    return made


def _group(rng: np.random.Generator, name: str, look: str, size: int) -> list[_Member]:
    odd = int(rng.integers(size)) if size > 1 and rng.random() < ODD else None
    return [_Member(name, look, None if odd is None else k == odd) for k in range(size)]


def _acts(rng: np.random.Generator, split: str, name: str, count: int) -> list[str]:
    """Motions that a group takes turns at, such as sentences of the split may name.

    At least one is left to single objects.
    """
    offered = free_motions(name) if split == "train" else held_motions(name)
    shares = np.array([OFTEN if verb in _AGAIN else 1.0 for verb in offered])
    size, shares = min(count, len(offered) - 1), shares / shares.sum()
    chosen = [str(verb) for verb in rng.choice(offered, size, replace=False, p=shares)]
    return sorted(chosen, key=lambda verb: verb not in _BESIDE)


def _share(rng: np.random.Generator, group: list[_Member], verb: str, length: int) -> list[Segment]:
    """Give turns at a motion to some of a group, each in its own part of the video."""
    most = max(length // (LENGTHS[verb][0] + APART), 2)
    size = len(group)
    everyone = rng.random() < EVERYONE
    count = size if everyone else max(size - 1, 2)
    order = [int(k) for k in rng.permutation(size)[: min(count, most)]]
    if verb in _AGAIN and rng.random() < AGAIN:
        order += [order[0]] * min(int(rng.integers(1, 4)), most - len(order))
    order = [order[int(k)] for k in rng.permutation(len(order))]
    planned = []
    for place, k in enumerate(order):
        part = place * length // len(order), (place + 1) * length // len(order) - 1 - APART
        turn = group[k].take(rng, verb, length, part)
        planned += [turn] if turn else []
    return planned


def _echo(
    rng: np.random.Generator,
    split: str,
    group: list[_Member],
    acted: list[Segment],
    acts: list[str],
    length: int,
) -> None:
    """Let others do what the first group does, at other times."""
    verbs = sorted({turn.verb for turn in acted} - {*_BESIDE, *acts})
    for one in group:
        if verbs and rng.random() < ECHO:
            verb = str(rng.choice(verbs))
            if split != "train" or not held_out(one.name, verb):
                theirs = [turn for turn in acted if turn.verb == verb]
                one.take(rng, verb, length, (0, length - 1), theirs)


def _deal(rng: np.random.Generator, split: str, group: list[_Member], acts: list[str]) -> None:
    """Give motions at any time, two to four in all with the turns; the same to few of a group.

    In val and test those that sentences may name come first.
    """
    held = [] if split == "train" else held_motions(group[0].name)
    deck: list[str] = []
    for k in rng.permutation(len(group)):
        one = group[int(k)]
        done = {*acts, *(turn.verb for turn in one.turns)}
        for _ in range(int(rng.integers(1, 3)) if one.turns else int(rng.integers(2, 4))):
            if not set(deck) - done:
                for verbs in (held, free_motions(one.name)):
                    deck += [str(verb) for verb in rng.permutation(verbs)]
            chosen = next(verb for verb in deck if verb not in done)
            deck.remove(chosen)
            done.add(chosen)
            one.verbs += (chosen,)
