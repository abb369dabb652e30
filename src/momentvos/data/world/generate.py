"""Generation of a scene from a seed."""

from __future__ import annotations

from momentvos.data.world.answer import Facts
from momentvos.data.world.background import families
from momentvos.data.world.placement import place_objects
from momentvos.data.world.questions import FEWEST, sample_expressions
from momentvos.data.world.scene import Scene
from momentvos.data.world.split import generator

LENGTH = 32
"""Frames of a scene: 4 seconds at 8 frames a second."""


def scene(seed: int, split: str = "train") -> Scene:
    """Generate the scene of a seed, identical on every machine; `render` draws it.

    split: "train", "val" or "test". Raises DataError for another one.
    """
    attempt = 0
    while True:
        rng = generator(split, seed, attempt)
        placement = place_objects(rng, split, LENGTH)
        if placement is not None:
            camera, actors = placement
            expressions = sample_expressions(rng, split, Facts.of(actors))
            if len(expressions) >= FEWEST:
                ground = (str(rng.choice(families(split))), int(rng.integers(2**31)))
                return Scene(seed, split, tuple(actors), expressions, camera, ground)
        attempt += 1
