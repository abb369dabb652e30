"""From a seed to a scene."""

from __future__ import annotations

from momentvos.data.world.answer import Facts
from momentvos.data.world.background import families
from momentvos.data.world.placement import stage
from momentvos.data.world.questions import FEWEST, ask
from momentvos.data.world.scene import Scene
from momentvos.data.world.split import generator

LENGTH = 32
"""Frames of a scene: 4 seconds at 8 frames a second."""


def scene(seed: int, split: str = "train") -> Scene:
    """The scene of a seed: the same objects, motions, ground and sentences on every machine.

    split: "train", "val" or "test". Raises DataError for another one. Nothing is drawn; see
    `render`.
    """
    attempt = 0
    while True:
        rng = generator(split, seed, attempt)
        staged = stage(rng, split, LENGTH)
        if staged is not None:
            camera, actors = staged
            expressions = ask(rng, split, Facts.of(actors))
            if len(expressions) >= FEWEST:
                ground = (str(rng.choice(families(split))), int(rng.integers(2**31)))
                return Scene(seed, split, tuple(actors), expressions, camera, ground)
        attempt += 1
