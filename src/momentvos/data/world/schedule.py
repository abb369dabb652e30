"""Scheduling of motions: segments with a time span and a direction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from momentvos.data.world.motion import DIRECTIONS, HOP, LENGTHS, Segment

REST = 2
"""Least number of frames between two motions of an object."""

_SIDES = tuple(DIRECTIONS)
_BESIDE = ("enter", "leave")
_AXIAL = (*_SIDES, "stop", "turn_back", "enter", "leave", "follow", "overtake")


def window(
    rng: np.random.Generator,
    length: int,
    span: tuple[int, int],
    taken: Sequence[Segment] = (),
    within: tuple[int, int] | None = None,
) -> tuple[int, int] | None:
    """Sample a time span for a motion of `span` = (shortest, longest) frames.

    taken: motions that it must leave in peace. within: first and last frame it may have. None where
    there is no such span.
    """
    first, last = within or (0, length - 1)
    frames = int(rng.integers(span[0], span[1] + 1))
    starts = [
        start
        for start in range(first, last - frames + 2)
        if all(start + frames + REST <= s.start or s.stop + REST < start for s in taken)
    ]
    if not starts:
        return None
    start = starts[int(rng.integers(len(starts)))]
    return start, start + frames - 1


def schedule(
    rng: np.random.Generator,
    verbs: tuple[str, ...],
    length: int,
    fixed: Sequence[Segment] = (),
    still: tuple[int, int] | None = None,
) -> list[Segment]:
    """Schedule segments with directions but no amounts, in time order, two frames apart.

    fixed: segments whose time is given. still: frames in which the object must not move. Verbs that
    do not fit are dropped, and so are fixed segments that cannot have a direction. Successive
    segments never move along the same axis, because such a pair would look like another motion
    ("right" after "left" like "turn back"). An object moves only after it enters, and before it
    leaves.
    """
    held = sorted(
        [(one.start, one.stop, one.verb) for one in fixed] + ([(*still, "")] if still else [])
    )
    first = [verb for verb in verbs if verb == "enter"]
    last = [verb for verb in verbs if verb == "leave" and not first]
    middle = [str(verb) for verb in rng.permutation([v for v in verbs if v not in _BESIDE])]
    ordered = first + middle + last
    cuts = sorted(int(rng.integers(len(ordered) + 1)) for _ in held)
    cuts = [min(max(cut, len(first)), len(ordered) - len(last)) for cut in cuts]
    for place, (_, _, verb) in enumerate(held):
        if verb == "enter":
            cuts[: place + 1] = [0] * (place + 1)
        if verb == "leave":
            cuts[place:] = [len(ordered)] * (len(cuts) - place)
    begins = [0, *(stop + 1 + REST for _, stop, _ in held)]
    ends = [*(start - 1 - REST for start, _, _ in held), length - 1]
    placed: list[tuple[str, int, int]] = []
    for (a, b), begin, end in zip(pairwise([0, *cuts, len(ordered)]), begins, ends, strict=True):
        placed += _fill(rng, ordered[a:b], begin, end)
    segments = [*(Segment(verb, start, stop) for verb, start, stop in placed), *fixed]
    return _directed(rng, sorted(segments, key=lambda segment: segment.start))


def _fill(
    rng: np.random.Generator, verbs: list[str], first: int, last: int
) -> list[tuple[str, int, int]]:
    room = last - first + 1
    lengths = [duration(rng, verb) for verb in verbs]
    while verbs and sum(lengths) + REST * (len(verbs) - 1) > room:
        shortest = [LENGTHS[verb][0] for verb in verbs]
        if sum(shortest) + REST * (len(verbs) - 1) <= room:
            lengths = shortest
            break
        drop = len(verbs) // 2
        verbs, lengths = verbs[:drop] + verbs[drop + 1 :], lengths[:drop] + lengths[drop + 1 :]
    if not verbs:
        return []
    slack = room - sum(lengths) - REST * (len(verbs) - 1)
    cuts = np.sort(rng.integers(0, slack + 1, len(verbs)))
    placed, start = [], first
    for index, (verb, frames) in enumerate(zip(verbs, lengths, strict=True)):
        begin = start + int(cuts[index])
        placed.append((verb, begin, begin + frames - 1))
        start += frames + REST
    return placed


def duration(rng: np.random.Generator, verb: str) -> int:
    """Sample how many frames a motion takes."""
    low, high = LENGTHS[verb]
    frames = int(rng.integers(low, high + 1))
    return max(frames // HOP, 2) * HOP if verb == "bounce" else frames


def _directed(rng: np.random.Generator, segments: list[Segment]) -> list[Segment]:
    """Give every translation a unit direction; drop those left without an axis of their own."""
    directed: list[Segment] = []
    for place, segment in enumerate(segments):
        if segment.vector != (0.0, 0.0) or segment.verb not in _AXIAL:
            directed.append(segment)
            continue
        ahead = segments[place + 1] if place + 1 < len(segments) else None
        sides = [
            side
            for side in _ways(segment.verb)
            if not any(_same_axis(side, near) for near in (*directed[-1:], ahead) if near)
        ]
        if sides:
            vector = DIRECTIONS[str(rng.choice(sides))]
            directed.append(Segment(segment.verb, segment.start, segment.stop, vector))
    return directed


def _ways(verb: str) -> tuple[str, ...]:
    if verb in DIRECTIONS:
        return (verb,)
    return ("left", "right") if verb == "turn_back" else _SIDES


def _same_axis(side: str, near: Segment) -> bool:
    way = near.direction or (near.verb if near.verb in DIRECTIONS else None)
    if way is None:
        return near.verb == "turn_back" and side in ("left", "right")
    return (way in ("left", "right")) == (side in ("left", "right"))
