"""Single MomentWorld frames with category phrases: the first lessons, before any motion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from momentvos.data import draw
from momentvos.data.batch import Clip, ClipBatch, collate
from momentvos.data.draw import Lane
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import masks_of, random_scene
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.data.world import Scene

PAIRS = 4
"""Pairs of category and look that a recast scene chooses from."""

ABSENT = 0.2
"""Share of the phrases that name something the frame does not show."""


@dataclass(frozen=True)
class Phrase:
    """What is asked for: every object of a category and, where `look` is given, of that look."""

    category: str
    look: str | None

    def sentence(self, rng: np.random.Generator) -> str:
        """In the singular or the plural, by chance: either means every such object."""
        from momentvos.data.world.atlas import category

        noun = category(self.category).plural if rng.random() < 0.5 else self.category
        return f"the {self.look} {noun}" if self.look else f"the {noun}"

    def objects(self, scene: Scene) -> list[int]:
        """Numbers of the scene's objects that are meant, visible or not."""
        return [
            number
            for number, one in enumerate(scene.objects)
            if one.category == self.category and self.look in (None, one.look)
        ]


@dataclass(frozen=True)
class WorldImages:
    """V frames a batch, one from each of V scenes, E phrases about each (T = 1)."""

    data: DataOptions
    clip: ClipOptions
    seed: int = 0

    @property
    def length(self) -> int | None:
        """Batches in which every scene of the pool appears about once."""
        return None if self.data.pool is None else max(self.data.pool // self.data.videos, 1)

    def batch(self, number: int) -> ClipBatch:
        """Batch `number`, 0 or more."""
        return collate([self._clip(number, place) for place in range(self.data.videos)])

    def _clip(self, number: int, place: int) -> Clip:
        from momentvos.data.world import render

        rng = np.random.default_rng([self.seed, number, place])
        scene = recast(rng, random_scene(rng, self.data))
        chosen = (int(rng.integers(scene.length)),)
        frames, ids = render(scene, chosen, self.data.size)
        lanes = [self._lane(rng, scene, ids, chosen[0]) for _ in range(self.data.expressions or 1)]
        return draw.assemble(rng, frames, chosen, lanes, self.clip)

    def _lane(self, rng: np.random.Generator, scene: Scene, ids: np.ndarray, index: int) -> Lane:
        shown = [
            (one.category, one.look)
            for number, one in enumerate(scene.objects)
            if (ids == number + 1).any()
        ]
        absent = not shown or rng.random() < ABSENT
        phrase = _absent(rng, shown) if absent else _shown(rng, shown)
        masks = masks_of(ids, phrase.objects(scene))
        moments = tuple(Moment([(index, index)] if mask.any() else []) for mask in masks)
        return Lane(phrase.sentence(rng), masks, moments)


def recast(rng: np.random.Generator, scene: Scene) -> Scene:
    """The same scene played by others: each object draws from four pairs of category and look.

    Scenes of MomentWorld are mostly of one category, so that motion must tell objects apart; a
    lesson in names needs several.
    """
    from momentvos.data.world.atlas import categories, looks_of

    names = [str(name) for name in rng.choice(categories(), PAIRS)]
    pairs = [(name, str(rng.choice(looks_of(name)))) for name in names]
    actors = []
    for actor in scene.objects:
        name, look = pairs[int(rng.integers(PAIRS))]
        actors.append(replace(actor, category=name, look=look))
    return replace(scene, objects=tuple(actors))


def _shown(rng: np.random.Generator, shown: list[tuple[str, str]]) -> Phrase:
    category, look = shown[int(rng.integers(len(shown)))]
    return Phrase(category, look if look != "plain" and rng.random() < 0.5 else None)


def _absent(rng: np.random.Generator, shown: list[tuple[str, str]]) -> Phrase:
    """A category that is not there, or one that is, in a look that is not."""
    from momentvos.data.world.atlas import categories, looks_of

    if shown and rng.random() < 0.5:
        category, _ = shown[int(rng.integers(len(shown)))]
        looks = [look for look in looks_of(category) if (category, look) not in shown]
        if looks:
            return Phrase(category, str(rng.choice(looks)))
    names = [name for name in categories() if name not in {category for category, _ in shown}]
    return Phrase(str(rng.choice(names)), None)
