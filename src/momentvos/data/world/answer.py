"""The logic of MomentWorld: which objects satisfy a question, and when exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from momentvos.data.world.grammar import SIZES, Noun
from momentvos.data.world.motion import DIRECTIONS, Event
from momentvos.data.world.scene import Actor
from momentvos.moment import Moment

SHORTEST = 3
"""An event seen for fewer frames is not asked for."""

CLEARLY = 1.35
"""Factor by which every "big" object exceeds every "small" one of its category, at all times."""

Answer = dict[int, Moment]


@dataclass(frozen=True)
class Facts:
    """Everything true of a scene's objects: their visible frames and their events."""

    actors: Sequence[Actor]
    visible: tuple[Moment, ...]
    events: tuple[tuple[tuple[Event, Moment], ...], ...]

    @classmethod
    def of(cls, actors: Sequence[Actor]) -> Facts:
        visible = tuple(Moment.from_flags(actor.visible) for actor in actors)
        events = tuple(
            tuple(
                (event, Moment([(event.first, event.last)]) & shown)
                for segment in actor.segments
                for event in segment.events()
            )
            for actor, shown in zip(actors, visible, strict=True)
        )
        return cls(actors, visible, events)


def named(facts: Facts, noun: Noun) -> list[int]:
    """Indices of the objects a noun fits."""
    members = [k for k, actor in enumerate(facts.actors) if actor.category == noun.category]
    if noun.attribute in SIZES:
        return _of_size(facts, members, noun.attribute)
    return [k for k in members if noun.attribute in (None, facts.actors[k].look)]


def looks(facts: Facts, category: str, attribute: str | None) -> list[int]:
    """Indices of the objects that are called so, whatever their size."""
    return named(facts, Noun(category, None if attribute in SIZES else attribute))


def _of_size(facts: Facts, members: list[int], attribute: str | None) -> list[int]:
    """The small or big ones where a clear gap splits the category in two, else none."""
    sizes = {k: facts.actors[k].poses[:, 2] for k in members}
    ordered = sorted(members, key=lambda k: float(sizes[k].max()))
    for cut in range(1, len(ordered)):
        small, big = ordered[:cut], ordered[cut:]
        top = max(float(sizes[k].max()) for k in small)
        if min(float(sizes[k].min()) for k in big) >= CLEARLY * top:
            return sorted(small if attribute == "small" else big)
    return []


def does(facts: Facts, noun: Noun, verb: str) -> Answer:
    """Objects of `noun` that do `verb`, and all frames in which they do."""
    return _joined(
        (k, moment)
        for k in named(facts, noun)
        for event, moment in facts.events[k]
        if event.verb == verb
    )


def does_then(facts: Facts, noun: Noun, first: str, second: str) -> Answer:
    """Objects of `noun` that do `first` and, after its end, `second`: the frames of both."""
    return _joined(
        (k, early | late)
        for k in named(facts, noun)
        for event, early in facts.events[k]
        for after, late in facts.events[k]
        if (event.verb, after.verb) == (first, second) and event.last < after.first
    )


def does_to(facts: Facts, noun: Noun, verb: str, other: Noun) -> Answer:
    """Objects of `noun` that do `verb` (a relation) with some object of `other`."""
    others = named(facts, other)
    return _joined(
        (k, moment)
        for k in named(facts, noun)
        for event, moment in facts.events[k]
        if event.verb == verb and event.other in others
    )


def fits(facts: Facts, noun: Noun) -> Answer:
    """Objects of `noun`, whenever they are visible."""
    return {k: facts.visible[k] for k in named(facts, noun)}


def _joined(parts: Iterable[tuple[int, Moment]]) -> Answer:
    answer: Answer = {}
    for k, moment in parts:
        answer[k] = answer.get(k, Moment.empty()) | moment
    return answer


def unclear(facts: Facts, noun: Noun, verb: str) -> bool:
    """Whether some object of `noun` does what might pass for `verb`, so that nobody should ask."""
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
    """Whether two objects by chance move as if one followed or overtook the other."""
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
    """Both move in the same direction for more than two frames at a time."""
    return any(
        mine.verb == theirs.verb
        and mine.verb in DIRECTIONS
        and min(mine.last, theirs.last) - max(mine.first, theirs.first) >= 2
        for mine, _ in facts.events[k]
        for theirs, _ in facts.events[j]
    )
