"""Placement of a scene's objects: trajectories that stay visible and inside the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from momentvos.data.world.motion import DIRECTIONS, LENGTHS, Segment
from momentvos.data.world.roles import Relation, Role
from momentvos.data.world.scene import Actor, seen
from momentvos.data.world.schedule import schedule, window

HIDING, TOUCHING = 0.5, 0.85
"""Distance of two centres, in mean sizes, below which one object hides the other (never
allowed), and below which they overlap (avoided, not forbidden)."""

TRIES, PLACES = 14, 20


@dataclass(frozen=True)
class _Placed:
    segments: tuple[Segment, ...]
    world: np.ndarray


def place_objects(
    rng: np.random.Generator, roles: Sequence[Role], relation: Relation | None, length: int
) -> tuple[np.ndarray, list[Actor]] | None:
    """Place sampled objects: camera [T, 3] and actors, or None where they do not fit."""
    camera = _camera(rng, length)
    sizes = [_size(rng, role, len(roles)) for role in roles]
    meeting = None
    if relation:
        turns = (*roles[relation.actor].turns, *roles[relation.other].turns)
        meeting = window(rng, length, LENGTHS[relation.verb], turns)
        if meeting is None:
            return None
    order = list(range(len(roles)))
    if relation:
        order = [relation.other, relation.actor]
        order += [index for index in range(len(roles)) if index not in order]
    placed: dict[int, _Placed] = {}
    for index in order:
        for _ in range(TRIES):
            done = _place(rng, index, roles, sizes, camera, relation, meeting, placed)
            if done is not None:
                placed[index] = done
                break
        else:
            return None
    layers = rng.permutation(len(roles))
    actors = []
    for index, role in enumerate(roles):
        world = placed[index].world
        actors.append(
            Actor(role.category, role.look, bool(rng.random() < 0.5), int(layers[index]),
                  placed[index].segments, world, seen(world, camera))
        )  # fmt: skip
    return camera, actors


def roam(
    rng: np.random.Generator, verbs: tuple[str, ...], size: float, length: int
) -> tuple[tuple[Segment, ...], np.ndarray] | None:
    """Segments and poses [T, 4] of one object, independent of others, for a camera at rest.

    None where an object of `size` does not fit.
    """
    camera = np.tile([0.0, 0.0, 1.0], (length, 1))
    segments = [_measured(rng, one, size) for one in schedule(rng, verbs, length)]
    world = _travel(rng, segments, size, length)
    if world is None:
        return None
    low, high = _bounds(world, segments, camera, size)
    if (low > high).any():
        return None
    world[:, :2] += rng.uniform(low, high)
    return tuple(segments), world


def _camera(rng: np.random.Generator, length: int) -> np.ndarray:
    """Sample a camera path: at rest in 60 % of the scenes; else a pan, a zoom or both, slower than
    any object.
    """
    u = np.linspace(-0.5, 0.5, length)
    camera = np.zeros((length, 3))
    camera[:, 2] = 1.0
    if rng.random() < 0.4:
        kind = rng.integers(3)
        if kind != 1:
            angle = rng.uniform(0, 2 * np.pi)
            camera[:, :2] = u[:, None] * rng.uniform(0.06, 0.13) * [np.cos(angle), np.sin(angle)]
        if kind != 0:
            start, stop = rng.permutation([rng.uniform(0.94, 1.0), rng.uniform(1.03, 1.12)])
            camera[:, 2] = start + (u + 0.5) * (stop - start)
    return camera


def _size(rng: np.random.Generator, role: Role, count: int) -> float:
    most = 0.29 if count <= 4 else 0.25 if count == 5 else 0.22
    low, high = 0.13, most
    if role.small is not None:
        low, high = (0.125, 0.145) if role.small else (0.2, max(most, 0.23))
    elif "grow" in role.motions:
        high = min(high, 0.19)
    elif "shrink" in role.motions:
        low, high = 0.2, max(high, 0.23)
    return float(rng.uniform(low, high))


def _place(
    rng: np.random.Generator,
    index: int,
    roles: Sequence[Role],
    sizes: list[float],
    camera: np.ndarray,
    relation: Relation | None,
    meeting: tuple[int, int] | None,
    placed: dict[int, _Placed],
) -> _Placed | None:
    """Try once to schedule and place object `index` among those placed before it."""
    length, verbs, size = len(camera), roles[index].verbs, sizes[index]
    fixed, still, anchor = None, None, None
    if relation and meeting and index == relation.other:
        if relation.verb == "circle":
            still = meeting
        else:
            way = DIRECTIONS[str(rng.choice(list(DIRECTIONS)))]
            far = rng.uniform(0.22, 0.4) if relation.verb == "follow" else rng.uniform(0.2, 0.26)
            fixed = Segment(_name(way), *meeting, (way[0] * far, way[1] * far))
    if relation and meeting and index == relation.actor:
        verbs = tuple(verb for verb in verbs if verb not in ("enter", "leave"))
        fixed, anchor = _related(rng, relation, meeting, sizes, placed[relation.other])
    given = (*roles[index].turns, *((fixed,) if fixed else ()))
    segments = schedule(rng, verbs, length, given, still)
    if {(one.verb, one.start) for one in given} - {(one.verb, one.start) for one in segments}:
        return None
    if len(segments) < (1 if still else 2):
        return None
    segments = [s if s is fixed else _measured(rng, s, size) for s in segments]
    world = _travel(rng, segments, size, length)
    if world is None:
        return None
    low, high = _bounds(world, segments, camera, size)
    if anchor is not None and fixed is not None:
        point = anchor - world[max(fixed.start - 1, 0), :2] * (fixed.start > 0)
        low, high = np.maximum(low, point), np.minimum(high, point)
        if (low > high + 1e-9).any():
            return None
        low = high = point
    if (low > high).any():
        return None
    starts = rng.uniform(low, high, (PLACES, 2))
    best = _freest(starts, world, [other.world for other in placed.values()])
    if best is None:
        return None
    world[:, :2] += best
    return _Placed(tuple(segments), world)


def _name(way: tuple[float, float]) -> str:
    return next(name for name, vector in DIRECTIONS.items() if vector == way)


def _related(
    rng: np.random.Generator,
    relation: Relation,
    meeting: tuple[int, int],
    sizes: list[float],
    other: _Placed,
) -> tuple[Segment, np.ndarray]:
    """Segment of the relation, and its object's position in the frame before."""
    mean = (sizes[relation.actor] + float(other.world[meeting[0], 2])) / 2
    before = max(meeting[0] - 1, 0)
    place = other.world[before, :2].copy()
    if relation.verb == "circle":
        angle = rng.uniform(0, 2 * np.pi)
        radius = mean + rng.uniform(0.01, 0.05)
        vector = radius * np.array([np.cos(angle), np.sin(angle)])
        amount = float(rng.choice([-1.0, 1.0]))
        shift = vector
    else:
        theirs = next(s for s in other.segments if (s.start, s.stop) == meeting)
        if meeting[0] == 0:
            place -= np.array(theirs.vector) / theirs.length
        way = np.sign(theirs.vector)
        amount = 0.0
        if relation.verb == "follow":
            vector, shift = np.array(theirs.vector), -way * (mean * 1.05 + 0.02)
        else:
            gap = mean + rng.uniform(0.02, 0.05)
            side = way[::-1] * rng.choice([-1.0, 1.0]) * mean * rng.uniform(0.8, 1.0)
            vector, shift = np.array(theirs.vector) + way * 2 * gap, side - way * gap
    segment = Segment(relation.verb, *meeting, (float(vector[0]), float(vector[1])), amount,
                      relation.other)  # fmt: skip
    return segment, place + shift


def _measured(rng: np.random.Generator, segment: Segment, size: float) -> Segment:
    """Sample the amount of a segment; directions keep their sign."""
    verb, far = segment.verb, 0.0
    if verb in (*DIRECTIONS, "turn_back"):
        far = rng.uniform(0.24, 0.48 if verb in DIRECTIONS else 0.38)
    elif verb == "stop":
        far = rng.uniform(0.36, 0.56)
    elif verb in ("enter", "leave"):
        far = size + rng.uniform(0.24, 0.42)
    if verb == "diagonal":
        sides = rng.choice([-1.0, 1.0], 2) * rng.uniform(0.2, 0.34) * rng.uniform(0.9, 1.1, 2)
        return replace(segment, vector=(float(sides[0]), float(sides[1])))
    amounts = {
        "jump": rng.uniform(0.2, 0.3),
        "bounce": rng.uniform(0.07, 0.11),
        "spin": float(rng.choice([-1.0, 1.0])) * (2 if segment.length >= 11 else 1),
        "grow": rng.uniform(1.6, 1.85),
        "shrink": rng.uniform(0.52, 0.62),
        "shake": rng.uniform(0.03, 0.045),
    }
    vector = (segment.vector[0] * far, segment.vector[1] * far)
    return replace(segment, vector=vector, amount=float(amounts.get(verb, 0.0)))


def _travel(
    rng: np.random.Generator, segments: list[Segment], size: float, length: int
) -> np.ndarray | None:
    """World poses [T, 4] from a start at the origin, or None where the size leaves 0.105..0.4."""
    world = np.zeros((length, 4))
    factor = np.ones(length)
    for segment in segments:
        offset, grown, angle = segment.apply(length)
        world[:, :2] += offset
        world[:, 3] += angle
        factor *= grown
    world[:, 2] = size * factor
    if world[:, 2].min() < 0.105 or world[:, 2].max() > 0.4:
        return None
    time = 2 * np.pi * np.arange(length) / rng.uniform(24, 40, 2)[:, None]
    world[:, :2] += 0.006 * np.sin(time + rng.uniform(0, 2 * np.pi, (2, 1))).T
    return world


def _bounds(
    world: np.ndarray, segments: list[Segment], camera: np.ndarray, size: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest start [2] that keep the object inside the frame, except while it enters or
    leaves.
    """
    pan, zoom = camera[:, :2], camera[:, 2:]
    reach = 0.5 / zoom - 0.42 * world[:, 2:3]
    lows, highs = 0.5 + pan - reach - world[:, :2], 0.5 + pan + reach - world[:, :2]
    view = 0.5 / zoom
    edges = {-1: (0.5 + pan - view).min(axis=0), 1: (0.5 + pan + view).max(axis=0)}
    inside = np.ones(len(world), bool)
    pins = []
    for segment in segments:
        if segment.verb not in ("enter", "leave"):
            continue
        entering = segment.verb == "enter"
        axis = int(segment.vector[1] != 0)
        side = int(np.sign(segment.vector[axis])) * (-1 if entering else 1)
        outside = edges[side][axis] + side * (0.5 * world[segment.start, 2] + 0.015)
        rest = slice(0, segment.start) if entering else slice(segment.stop, None)
        at = 0 if entering else -1
        pins.append((axis, float(outside - world[at, axis])))
        inside[rest] = False
        inside[segment.start : segment.stop + (0 if entering else 1)] = False
    if not inside.any():
        return np.ones(2), np.zeros(2)
    low, high = lows[inside].max(axis=0), highs[inside].min(axis=0)
    across = [0, 1]
    for axis, value in pins:
        across.remove(axis) if axis in across else None
        fits = low[axis] <= value <= high[axis]
        low[axis], high[axis] = (value, value) if fits else (1.0, 0.0)
    for axis in across:
        low[axis], high[axis] = lows[:, axis].max(), highs[:, axis].min()
    return low, high


def _freest(starts: np.ndarray, world: np.ndarray, others: list[np.ndarray]) -> np.ndarray | None:
    """The start with the least overlap over time, or None where every one hides an object."""
    if not others:
        return np.asarray(starts[0])
    placed = np.stack(others)[None]
    path = (starts[:, None] + world[None, :, :2])[:, None]
    far = np.hypot(path[..., 0] - placed[..., 0], path[..., 1] - placed[..., 1])
    far /= (world[None, None, :, 2] + placed[..., 2]) / 2
    hidden = (far < HIDING).any(axis=(1, 2))
    cost = (far < TOUCHING).mean(axis=(1, 2)) + 10.0 * hidden
    best = int(cost.argmin())
    return None if hidden[best] else np.asarray(starts[best])
