"""MomentWorld clip batches made on the fly: batch n depends on seed and n alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from momentvos.data import draw
from momentvos.data.batch import Clip, ClipBatch, collate
from momentvos.data.dense_clips import dense_scene
from momentvos.data.draw import Query
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.phrases import phrases, recast
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.data.world import Scene
    from momentvos.data.world.answer import Facts

ENDLESS = 2**31


@dataclass(frozen=True)
class WorldClips:
    """V scenes per batch, E expressions about each, rendered at the model's input size.

    A share `data.phrases` of the scenes is recast, or replaced by a dense one, and described by
    phrases. With `data.objects` queries have no sentence: each is one object.
    """

    data: DataOptions
    clip: ClipOptions
    seed: int = 0

    @property
    def length(self) -> int | None:
        """Batches per epoch: about one pass over the pool; None for endless data."""
        return None if self.data.pool is None else max(self.data.pool // self.data.videos, 1)

    def batch(self, number: int) -> ClipBatch:
        """Batch `number`, 0 or more."""
        return collate([self._clip(number, place) for place in range(self.data.videos)])

    def _clip(self, number: int, place: int) -> Clip:
        from momentvos.data.world import render
        from momentvos.data.world.answer import Facts, looks
        from momentvos.data.world.motion import VERBS
        from momentvos.data.world.questions import extra

        rng = np.random.default_rng([self.seed, number, place])
        if self.data.dense and rng.random() < self.data.phrases:
            return self._phrases(rng, dense_scene(rng, self.data, self.clip))
        scene = random_scene(rng, self.data)
        if self.data.objects:
            return self._objects(rng, scene)
        if not self.data.dense and rng.random() < self.data.phrases:
            return self._phrases(rng, recast(rng, scene))
        facts = Facts.of(scene.objects)
        offered = scene.expressions
        if self.data.extra_expressions:
            offered += extra(rng, scene.split, facts, self.data.extra_expressions)
        weights = [self.data.kinds.get(one.kind, 1.0) for one in offered]
        drawn = draw.weighted(rng, offered, weights, self.data.expressions)
        moments = [one.moment for one in drawn]
        chosen = draw.indices(rng, scene.length, moments, self.clip)
        frames, ids = render(scene, chosen, self.data.size)
        queries = [
            Query(
                one.sentence,
                masks_of(ids, [number for number, _ in one.targets]),
                tuple(moment for _, moment in one.targets),
                (
                    tuple(k + 1 for k in looks(facts, one.category, one.attribute)),
                    tuple(k + 1 for k in one.others),
                ),
            )
            for one in drawn
        ]
        clip = draw.assemble(rng, frames, chosen, queries, self.clip, ids)
        named = tuple(tuple(map(VERBS.index, one.motions)) for one in drawn)
        return replace(clip, motions=motions_of(facts, chosen), named_motions=named)

    def _objects(self, rng: np.random.Generator, scene: Scene) -> Clip:
        from momentvos.data.world import render

        chosen = draw.indices(rng, scene.length, [], self.clip)
        frames, ids = render(scene, chosen, self.data.size)
        visible = [number for number in range(len(scene.objects)) if (ids == number + 1).any()]
        drawn = draw.weighted(
            rng, visible or [0], [1.0] * max(len(visible), 1), self.data.expressions
        )
        always = (Moment.all(scene.length),)
        queries = [Query("", masks_of(ids, [number]), always) for number in drawn]
        return draw.assemble(rng, frames, chosen, queries, self.clip, ids)

    def _phrases(self, rng: np.random.Generator, scene: Scene) -> Clip:
        from momentvos.data.world import render
        from momentvos.data.world.answer import Facts

        chosen = draw.indices(rng, scene.length, [], self.clip)
        frames, ids = render(scene, chosen, self.data.size)
        count = self.data.expressions or len(scene.expressions)
        queries, facts = [], Facts.of(scene.objects)
        for phrase in phrases(rng, scene, chosen, count, self.data.kinds, self.data.missing):
            answer = phrase.answer(scene, facts)
            masks = masks_of(ids, list(answer))
            fits = tuple(k + 1 for k in replace(phrase, verb=None).answer(scene, facts))
            queries.append(Query(phrase.sentence(rng), masks, tuple(answer.values()), (fits, ())))
        return draw.assemble(rng, frames, chosen, queries, self.clip, ids)


def random_scene(rng: np.random.Generator, data: DataOptions) -> Scene:
    """Draw a scene of the split, from the pool if there is one."""
    from momentvos.data.world import scene

    return scene(int(rng.integers(data.pool or ENDLESS)), data.split, data.world)


def motions_of(facts: Facts, frames: Sequence[int]) -> np.ndarray:
    """Motions (of `VERBS`) that each object is in, in some frames: bool [O, T, M]."""
    from momentvos.data.world.motion import VERBS

    flags = np.zeros((len(facts.events), len(frames), len(VERBS)), dtype=bool)
    for number, events in enumerate(facts.events):
        for event, moment in events:
            place = VERBS.index(event.verb)
            flags[number, :, place] |= [frame in moment for frame in frames]
    return flags


def masks_of(ids: np.ndarray, objects: list[int]) -> np.ndarray:
    """Visible pixels of each object, bool [O, T, H, W], from a label map uint8 [T, H, W]."""
    labels = np.array(objects, dtype=np.int64).reshape(-1, 1, 1, 1) + 1
    return np.asarray(ids[None] == labels)
