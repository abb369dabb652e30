"""Generation of a scene from a seed."""

from __future__ import annotations

from momentvos.data.world.answer import Facts
from momentvos.data.world.background import families
from momentvos.data.world.placement import place_objects
from momentvos.data.world.questions import FEWEST, sample_expressions
from momentvos.data.world.roles import sample_roles
from momentvos.data.world.scene import Scene
from momentvos.data.world.split import generator
from momentvos.data.world.turns import sample_turns
from momentvos.data.world.version import version


def scene(seed: int, split: str = "train", world: str = "v1") -> Scene:
    """Generate the scene of a seed, identical on every machine; `render` draws it.

    split: "train", "val" or "test". world: "v1" or "v2". Raises DataError for another one.
    """
    how, attempt = version(world), 0
    while True:
        rng = generator(split, seed, attempt, world=world)
        if how.in_turn:
            length = int(rng.choice(how.lengths))
            roles, relation = sample_turns(rng, split, length)
        else:
            (length,) = how.lengths
            roles, relation = sample_roles(rng, split)
        placement = place_objects(rng, roles, relation, length)
        if placement is not None:
            camera, actors = placement
            expressions = sample_expressions(rng, split, Facts.of(actors), how)
            if len(expressions) >= FEWEST:
                ground = (str(rng.choice(families(split))), int(rng.integers(2**31)))
                return Scene(
                    seed, split, tuple(actors), expressions, camera, ground, world=how.name
                )
        attempt += 1
