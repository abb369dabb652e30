"""MomentWorld: a synthetic data set of short videos of named, moving objects, with exact moments.

`scene(seed, split, world)` generates a scene of a version, `render(scene, indices, size)` draws its
frames, `world_samples` streams samples, and `write` writes a data set in MeViS's layout with
moments.
"""

from momentvos.data.world.generate import scene
from momentvos.data.world.grammar import words as WORDS
from momentvos.data.world.render import render
from momentvos.data.world.scene import Actor, Expression, Scene
from momentvos.data.world.stream import WorldSample, samples, world_samples
from momentvos.data.world.write import write

__all__ = ["WORDS", "Actor", "Expression", "Scene", "WorldSample", "render", "samples", "scene",
           "world_samples", "write"]  # fmt: skip
