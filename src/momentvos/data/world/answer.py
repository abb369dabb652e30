"""Ground truth of MomentWorld: the objects that satisfy a question, and their exact moments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from momentvos.data.world.grammar import SIZES, Noun
from momentvos.data.world.motion import DIRECTIONS, Event
from momentvos.data.world.scene import Actor
from momentvos.moment import Moment

SHORTEST = 3
"""Shortest visible event, in frames, that a question may refer to."""

CLEARLY = 1.35
"""Least ratio of sizes of "big" to "small" objects of a category, at all times."""

Answer = dict[int, Moment]


@dataclass(frozen=True)
class Facts:
    """Visible frames and events of a scene's objects."""

    actors: Sequence[Actor]
    visible: tuple[Moment, ...]
    events: tuple[tuple[tuple[Event, Moment], ...], ...]

    @classmethod
    def of(cls, actors: Sequence[Actor]) -> Facts:
        visible = tuple(Moment.from_flags(actor.visible) for actor in actors)
        events = tuple(
            tuple(
                (event, Moment([(event.first, event.last)]) & seen)
                for segment in actor.segments
                for event in segment.events()
            )
            for actor, seen in zip(actors, visible, strict=True)
        )
        return cls(actors, visible, events)


def named(facts: Facts, noun: Noun) -> list[int]:
    """Indices of the objects that match a noun."""
    members = [k for k, actor in enumerate(facts.actors) if actor.category == noun.category]
    if noun.attribute in SIZES:
        return _of_size(facts, members, noun.attribute)
    return [k for k in members if noun.attribute in (None, facts.actors[k].look)]


def looks(facts: Facts, category: str, attribute: str | None) -> list[int]:
    """Indices of the objects that match category and look, whatever their size."""
    return named(facts, Noun(category, None if attribute in SIZES else attribute))


def _of_size(facts: Facts, members: list[int], attribute: str | None) -> list[int]:
    """The small or the big objects where a clear gap splits the category, else none."""
    sizes = {k: facts.actors[k].poses[:, 2] for k in members}
    ordered = sorted(members, key=lambda k: float(sizes[k].max()))
    for cut in range(1, len(ordered)):
        small, big = ordered[:cut], ordered[cut:]
        top = max(float(sizes[k].max()) for k in small)
        if min(float(sizes[k].min()) for k in big) >= CLEARLY * top:
            return sorted(small if attribute == "small" else big)
    return []


def does(facts: Facts, noun: Noun, verb: str) -> Answer:
    """Objects of `noun` that perform `verb`, with all frames in which they do."""
    return _joined(
        (k, moment)
        for k in named(facts, noun)
        for event, moment in facts.events[k]
        if event.verb == verb
    )


def does_then(facts: Facts, noun: Noun, first: str, second: str) -> Answer:
    """Objects of `noun` that perform `first` and later `second`, with the frames of both."""
    return _joined(
        (k, early | late)
        for k in named(facts, noun)
        for event, early in facts.events[k]
        for after, late in facts.events[k]
        if (event.verb, after.verb) == (first, second) and event.last < after.first
    )


def does_to(facts: Facts, noun: Noun, verb: str, other: Noun) -> Answer:
    """Objects of `noun` in the relation `verb` to some object of `other`, with the frames."""
    others = named(facts, other)
    return _joined(
        (k, moment)
        for k in named(facts, noun)
        for event, moment in facts.events[k]
        if event.verb == verb and event.other in others
    )


def fits(facts: Facts, noun: Noun) -> Answer:
    """Objects of `noun`, with the frames in which they are visible."""
    return {k: facts.visible[k] for k in named(facts, noun)}


def _joined(parts: Iterable[tuple[int, Moment]]) -> Answer:
    answer: Answer = {}
    for k, moment in parts:
        answer[k] = answer.get(k, Moment.empty()) | moment
    return answer


def unclear(facts: Facts, noun: Noun, verb: str) -> bool:
    """Whether some object of `noun` nearly performs `verb`, so that a question is ambiguous."""
    for k in named(facts, noun):
        for event, moment in facts.events[k]:
            if event.verb == verb and len(moment) < SHORTEST:
                return True
            if event.verb == "diagonal" and verb in DIRECTIONS:
                segment = next(s for s in facts.actors[k].segments if s.start == event.first)
                if any(a * b > 0 for a, b in zip(segment.vector, DIRECTIONS[verb], strict=True)):
                    return True
    return False


def unclear_relation(facts: Facts, noun: Noun, verb: str, other: Noun) -> bool:
    """Whether two objects accidentally move as if one followed or overtook the other."""
    if verb == "circle":
        return False
    for k in named(facts, noun):
        for j in named(facts, other):
            if k != j and not _related(facts, k, j) and _together(facts, k, j):
                return True
    return False


def _related(facts: Facts, k: int, j: int) -> bool:
    return any(e.other == j for e, _ in facts.events[k]) or any(
        e.other == k for e, _ in facts.events[j]
    )


def _together(facts: Facts, k: int, j: int) -> bool:
    """Whether both move in the same direction for more than two common frames."""
    return any(
        mine.verb == theirs.verb
        and mine.verb in DIRECTIONS
        and min(mine.last, theirs.last) - max(mine.first, theirs.first) >= 2
        for mine, _ in facts.events[k]
        for theirs, _ in facts.events[j]
    )
