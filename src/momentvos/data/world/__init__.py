"""MomentWorld: short videos of named objects that move, made by the package itself.

`scene(seed, split)` decides, `render(scene, indices, size)` draws, `world_samples` streams
training samples and `write` puts a data set on disk in MeViS's layout with moments.
"""

from momentvos.data.world.generate import scene
from momentvos.data.world.grammar import words as WORDS
from momentvos.data.world.render import render
from momentvos.data.world.scene import Actor, Expression, Scene
from momentvos.data.world.stream import WorldSample, samples, world_samples
from momentvos.data.world.write import write

__all__ = ["WORDS", "Actor", "Expression", "Scene", "WorldSample", "render", "samples", "scene",
           "world_samples", "write"]  # fmt: skip
