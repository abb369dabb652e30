"""Clip batches from a finite list of samples, shuffled every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from momentvos.data import draw
from momentvos.data.batch import Clip, ClipBatch, collate
from momentvos.data.draw import Query
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.sample import Sample
from momentvos.data.square import square
from momentvos.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


class SampleClips:
    """V items per batch; an item is an expression and one of ceil(length / T) clips (SAMWISE).

    With several expressions per video (`data.expressions`), an item is a video and such a clip,
    and E of the video's expressions are drawn. Batch n depends on seed and n alone. Raises
    DataError when there are no samples.
    """

    def __init__(
        self, samples: Sequence[Sample], data: DataOptions, clip: ClipOptions, seed: int = 0
    ) -> None:
        if not samples:
            raise DataError(f"There is nothing to train on under '{data.root}'.")
        self.data, self.clip, self.seed = data, clip, seed
        self._groups = list(_groups(samples, data.expressions == 1))
        self._order: tuple[int, np.ndarray] | None = None

    @cached_property
    def _items(self) -> list[tuple[int, int]]:
        return [
            (group, turn)
            for group, samples in enumerate(self._groups)
            for turn in range(-(-samples[0].length // self.clip.frames))
        ]

    @property
    def length(self) -> int | None:
        """Batches per epoch; the last one is filled up with items of the next epoch."""
        return -(-len(self._items) // self.data.videos)

    def batch(self, number: int) -> ClipBatch:
        """Batch `number`, 0 or more."""
        first = number * self.data.videos
        return collate([self._clip(first + place) for place in range(self.data.videos)])

    def _clip(self, number: int) -> Clip:
        epoch, place = divmod(number, len(self._items))
        if self._order is None or self._order[0] != epoch:
            shuffled = np.random.default_rng([self.seed, epoch]).permutation(len(self._items))
            self._order = epoch, shuffled
        group, turn = self._items[int(self._order[1][place])]
        rng = np.random.default_rng([self.seed, epoch, place])
        samples = self._groups[group]
        weights = [self.data.kinds.get(one.kind, 1.0) for one in samples]
        drawn = draw.weighted(rng, samples, weights, self.data.expressions)
        length, moments = samples[0].length, [one.moment for one in drawn]
        centre = min(turn * self.clip.frames, length - 1)
        chosen = draw.indices(rng, length, moments, self.clip, centre)
        queries = [
            Query(
                " ".join(one.sentence.split()),
                square(one.masks(chosen), self.data.size),
                tuple(target.moment for target in one.targets),
            )
            for one in drawn
        ]
        frames = square(samples[0].frames(chosen), self.data.size, self.data.resizer)
        return draw.assemble(rng, frames, chosen, queries, self.clip)


def _groups(samples: Sequence[Sample], single: bool) -> Iterator[list[Sample]]:
    if single:
        yield from ([sample] for sample in samples)
        return
    ordered = sorted(samples, key=lambda sample: sample.video_id)
    for _, members in groupby(ordered, key=lambda sample: sample.video_id):
        yield list(members)
