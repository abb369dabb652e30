"""Dense multi-object clips: MomentWorld scenes with many objects per pixel rendered.

Pretext tasks on names and motions learn faster from them than from ordinary scenes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from momentvos.data.options import ClipOptions, DataOptions
    from momentvos.data.world import Scene
    from momentvos.data.world.motion import Segment
    from momentvos.data.world.scene import Actor

GROUNDS = 200
"""Backgrounds of each family that dense scenes use."""

MOTIONS = 2
"""Motions per object of a moving dense scene."""

STEP, GROWTH, TURN = (0.01, 0.08), (0.02, 0.1), (8.0, 60.0)
"""Change per frame of drifting objects: sides of the frame, shares of their size, degrees."""


def dense_scene(rng: np.random.Generator, data: DataOptions, clip: ClipOptions) -> Scene:
    """Make a scene of `data.dense` objects of any category and look, as long as the clip.

    Frames of a window (``clip.sampler``) are consecutive: every object moves as those of a
    training scene do, independently of the others, or drifts where the window is too short for a
    motion. Otherwise the objects lie on a grid that is shuffled in every frame, so that phrases
    can name them, but no motion.
    """
    from momentvos.data.world import Scene
    from momentvos.data.world.background import families
    from momentvos.data.world.motion import LENGTHS

    if clip.sampler == "window" and clip.frames < min(low for low, _ in LENGTHS.values()):
        objects = _drifting(rng, data.dense, clip.frames)
    elif clip.sampler == "window":
        objects = [_moving(rng, number, clip.frames) for number in range(data.dense)]
    else:
        objects = _standing(rng, data.dense, clip.frames)
    return Scene(
        seed=0,
        split=data.split,
        objects=tuple(objects),
        expressions=(),
        camera=np.tile([0.0, 0.0, 1.0], (clip.frames, 1)),
        background=(str(rng.choice(families(data.split))), int(rng.integers(GROUNDS))),
        world=data.world,
    )


def _standing(rng: np.random.Generator, count: int, frames: int) -> list[Actor]:
    side = math.ceil(count**0.5)
    cells = np.array([rng.permutation(side * side)[:count] for _ in range(frames)])
    made = []
    for number in range(count):
        place = np.stack([cells[:, number] % side, cells[:, number] // side], 1)
        centre = (place + rng.uniform(0.2, 0.8, (frames, 2))) / side
        size = rng.uniform(0.6, 1.3, (frames, 1)) / side
        poses = np.concatenate([centre, size, rng.normal(0.0, 15.0, (frames, 1))], 1)
        made.append(_actor(rng, _name(rng), number, poses))
    return made


def _drifting(rng: np.random.Generator, count: int, frames: int) -> list[Actor]:
    """Three of four objects change steadily in one way: position, size or angle."""
    time, made = np.arange(frames), []
    for one in _standing(rng, count, 1):
        change, way = np.zeros(4), int(rng.integers(8))
        if way in (0, 1, 2):
            angle = rng.integers(8) * math.pi / 4 if way else rng.uniform(0.0, 2 * math.pi)
            change[:2] = rng.uniform(*STEP) * np.array([math.cos(angle), math.sin(angle)])
        elif way in (3, 4):
            change[2] = rng.choice((-1, 1)) * rng.uniform(*GROWTH) * one.poses[0, 2]
        elif way == 5:
            change[3] = rng.choice((-1, 1)) * rng.uniform(*TURN)
        poses = one.poses + time[:, None] * change
        poses[:, 2] = poses[:, 2].clip(0.3 * one.poses[0, 2])
        made.append(replace(one, world=poses, poses=poses))
    return made


def _moving(rng: np.random.Generator, number: int, frames: int) -> Actor:
    from momentvos.data.world.placement import roam
    from momentvos.data.world.roles import free_motions

    name = _name(rng)
    verbs = free_motions(name)
    while True:
        chosen = tuple(str(verb) for verb in rng.choice(verbs, MOTIONS, replace=False))
        path = roam(rng, chosen, float(rng.uniform(0.12, 0.22)), frames)
        if path is not None:
            return _actor(rng, name, number, path[1], path[0])


def _name(rng: np.random.Generator) -> str:
    from momentvos.data.world.atlas import categories

    return str(rng.choice(categories()))


def _actor(
    rng: np.random.Generator,
    name: str,
    layer: int,
    poses: np.ndarray,
    segments: tuple[Segment, ...] = (),
) -> Actor:
    from momentvos.data.world.atlas import looks_of
    from momentvos.data.world.scene import Actor

    look = str(rng.choice(("plain", *looks_of(name))))
    return Actor(name, look, bool(rng.random() < 0.5), layer, segments, poses, poses)
