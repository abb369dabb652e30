"""MomentWorld scenes as a source of conversations: segmentation, grounding, question answering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np

from momentvos.data import draw
from momentvos.data.conversation_source import SourceQuery
from momentvos.data.options import DataOptions
from momentvos.data.phrases import phrases
from momentvos.data.world.qa import qa_pairs
from momentvos.data.world.render import render
from momentvos.data.world.scene import Scene
from momentvos.moment import Moment

TASKS = frozenset({"segment", "ground", "ask"})


@dataclass(frozen=True)
class WorldSource:
    """A scene with its own sentences or, if `phrased`, with phrases instead."""

    scene: Scene
    data: DataOptions
    phrased: bool = False
    tasks: frozenset[str] = TASKS

    @property
    def length(self) -> int:
        return self.scene.length

    @property
    def fps(self) -> float:
        return self.scene.fps

    def queries(
        self, rng: np.random.Generator, frames: tuple[int, ...] | None
    ) -> list[SourceQuery]:
        """Sample expressions of the scene, or phrases about objects in `frames`."""
        scene, data = self.scene, self.data
        if self.phrased:
            visible = tuple(range(scene.length)) if frames is None else frames
            count = data.expressions or len(scene.expressions)
            made = phrases(rng, scene, visible, count, data.kinds, data.missing)
            return [_query(one.sentence(rng), one.answer(scene)) for one in made]
        weights = [data.kinds.get(one.kind, 1.0) for one in scene.expressions]
        chosen = draw.weighted(rng, scene.expressions, weights, data.expressions)
        return [_query(one.sentence, dict(one.targets)) for one in chosen]

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        return render(self.scene, indices, self.data.size)[0]

    def masks(self, queries: Sequence[SourceQuery], indices: Sequence[int]) -> np.ndarray:
        ids = render(self.scene, indices, self.data.size)[1]
        return np.stack([np.isin(ids, [k + 1 for k in one.source]) for one in queries])

    def turns(self, rng: np.random.Generator, frames: tuple[int, ...]) -> list[tuple[str, str]]:
        return qa_pairs(rng, self.scene, frames, self.data.expressions or 4)


def _query(sentence: str, answer: dict[int, Moment]) -> SourceQuery:
    moment = reduce(or_, answer.values(), Moment.empty())
    return SourceQuery(sentence, moment, bool(answer), tuple(answer))
