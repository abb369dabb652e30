"""Pictures full of things: the lesson in names that has most of them for its pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from momentvos.data.options import DataOptions
    from momentvos.data.world import Scene

GROUNDS = 200
"""Grounds of each family that crowds stand on."""


def crowd(rng: np.random.Generator, data: DataOptions, frames: int) -> Scene:
    """`data.crowd` objects of any category and look, spread evenly, elsewhere in every frame.

    Nothing moves from frame to frame in any sense, and nothing can be said but names.
    """
    from momentvos.data.world import Scene
    from momentvos.data.world.atlas import categories, looks_of
    from momentvos.data.world.background import families
    from momentvos.data.world.scene import Actor

    count = data.crowd
    side = math.ceil(count**0.5)
    actors = []
    cells = np.array([rng.permutation(side * side)[:count] for _ in range(frames)])
    for number in range(count):
        name = str(rng.choice(categories()))
        looks = ("plain", *looks_of(name))
        place = np.stack([cells[:, number] % side, cells[:, number] // side], 1)
        centre = (place + rng.uniform(0.2, 0.8, (frames, 2))) / side
        size = rng.uniform(0.6, 1.3, (frames, 1)) / side
        poses = np.concatenate([centre, size, rng.normal(0.0, 15.0, (frames, 1))], 1)
        actors.append(
            Actor(
                category=name,
                look=str(rng.choice(looks)),
                mirrored=bool(rng.random() < 0.5),
                layer=number,
                segments=(),
                world=poses,
                poses=poses,
            )
        )
    return Scene(
        seed=0,
        split=data.split,
        objects=tuple(actors),
        expressions=(),
        camera=np.tile([0.0, 0.0, 1.0], (frames, 1)),
        background=(str(rng.choice(families(data.split))), int(rng.integers(GROUNDS))),
    )
