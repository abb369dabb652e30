"""Mixture: several sources in one run, each repeated by its factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from momentvos.data.batch import ClipBatch
from momentvos.errors import RecipeError
from momentvos.training.loader import Batch, Source

ENDLESS = 1000
"""Batches as which a source without epochs counts."""


class Mixture:
    """Batch n comes whole from one of the sources, which depends on seed and n alone.

    In an epoch a source has its own batches, times its factor; their order is drawn anew each
    epoch, and a source goes on where it stood, so that with any factor all its items are used
    equally often. Batches of one source each have conversations of similar length, as the papers'
    grouping by length has; clips say which source they are of. `together` successive batches
    come from one source, so that as many processes wait little for each other. Raises RecipeError
    where a factor is not positive.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        repeats: Sequence[float],
        seed: int = 0,
        together: int = 1,
    ) -> None:
        if any(not repeat > 0 for repeat in repeats):
            raise RecipeError("Every `repeat` of the recipe's `mixture` must be above 0.")
        self.sources, self.seed, self.together = tuple(sources), seed, together
        self.counts = tuple(
            max(round((source.length or ENDLESS) * repeat / together), 1)
            for source, repeat in zip(sources, repeats, strict=True)
        )
        self._order: tuple[int, np.ndarray, np.ndarray] | None = None

    @property
    def length(self) -> int | None:
        """Batches of an epoch."""
        return sum(self.counts) * self.together

    def batch(self, number: int) -> Batch:
        """Batch `number`, 0 or more."""
        turn, beside = divmod(number, self.together)
        epoch, place = divmod(turn, sum(self.counts))
        if self._order is None or self._order[0] != epoch:
            every = np.repeat(np.arange(len(self.counts)), self.counts)
            order = np.random.default_rng([self.seed, epoch]).permutation(every)
            turns = np.empty(len(order), dtype=np.int64)
            for source, count in enumerate(self.counts):
                turns[order == source] = np.arange(count)
            self._order = epoch, order, turns
        source, turn = int(self._order[1][place]), int(self._order[2][place])
        taken = epoch * self.counts[source] + turn
        batch = self.sources[source].batch(taken * self.together + beside)
        return replace(batch, part=source) if isinstance(batch, ClipBatch) else batch
