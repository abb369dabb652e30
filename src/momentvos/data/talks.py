"""Numbered micro-batches of conversations: batch n depends on seed and n alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from momentvos.data.dense_clips import crowd
from momentvos.data.footage import Footage, SampleFootage, converse
from momentvos.data.options import ClipOptions, DataOptions, TalkOptions
from momentvos.data.phrases import recast
from momentvos.data.sample import Sample
from momentvos.data.stream import random_scene
from momentvos.data.talk import Talk, Talks
from momentvos.data.talk_sentences import wordings
from momentvos.errors import DataError


@dataclass(frozen=True)
class WorldTalks:
    """V conversations a batch about MomentWorld's scenes, made on the spot.

    A share `data.phrases` of the scenes is recast, or made a crowd, and asked about in phrases.
    The task "say" has no scene.
    """

    data: DataOptions
    options: TalkOptions
    seed: int = 0

    @property
    def length(self) -> int | None:
        """Batches in which every scene of the pool appears about once."""
        return None if self.data.pool is None else max(self.data.pool // self.data.videos, 1)

    def batch(self, number: int) -> Talks:
        """Batch `number`, 0 or more."""
        from momentvos.data.world.footage import WorldFootage

        rows = []
        for place in range(self.data.videos):
            rng = np.random.default_rng([self.seed, number, place])
            if self._alone and rng.random() < self._alone:
                said = wordings(rng, self.data.split, self.data.expressions or 4)
                rows.append(Talk(tuple(one for one, _ in said), tuple(two for _, two in said)))
                continue
            scene = random_scene(rng, self.data)
            phrased = bool(rng.random() < self.data.phrases)
            if phrased and self.data.crowd:
                scene = crowd(rng, self.data, self._clip)
            elif phrased:
                scene = recast(rng, scene)
            footage = WorldFootage(scene, self.data, phrased)
            rows.append(converse(rng, footage, self.data, self.options))
        return Talks(tuple(rows))

    @property
    def _alone(self) -> float:
        """Share of the conversations in which nothing is shown."""
        tasks = self.options.tasks
        return tasks.get("say", 0.0) / (sum(tasks.values()) or 1.0)

    @property
    def _clip(self) -> ClipOptions:
        """How long a crowd is seen: in one image, or moving as long as a scene is."""
        from momentvos.data.world.direct import LENGTH

        if self.options.film == 0 and self.options.images == 1:
            return ClipOptions(sampler="random", frames=1)
        return ClipOptions(sampler="window", frames=LENGTH)


class FootageTalks:
    """V conversations a batch about a finite number of videos, in a new order each epoch.

    Raises DataError where there are none that could serve one of the tasks.
    """

    def __init__(
        self, footage: Sequence[Footage], data: DataOptions, options: TalkOptions, seed: int = 0
    ) -> None:
        wanted = {name for name, weight in options.tasks.items() if weight > 0}
        self.footage = [one for one in footage if one.tasks & wanted]
        if not self.footage:
            raise DataError(
                f"'{data.root}' holds nothing for the tasks {', '.join(sorted(wanted))}; "
                "masks are needed to segment, moments to ground."
            )
        self.data, self.options, self.seed = data, options, seed
        self._order: tuple[int, np.ndarray] | None = None

    @property
    def length(self) -> int | None:
        """Batches of an epoch; the last is filled up with videos of the next."""
        return -(-len(self.footage) // self.data.videos)

    def batch(self, number: int) -> Talks:
        """Batch `number`, 0 or more."""
        first = number * self.data.videos
        rows = []
        for place in range(first, first + self.data.videos):
            epoch, item = divmod(place, len(self.footage))
            if self._order is None or self._order[0] != epoch:
                rng = np.random.default_rng([self.seed, epoch])
                self._order = epoch, rng.permutation(len(self.footage))
            rng = np.random.default_rng([self.seed, epoch, item])
            footage = self.footage[int(self._order[1][item])]
            rows.append(converse(rng, footage, self.data, self.options))
        return Talks(tuple(rows))


def videos(samples: Sequence[Sample], data: DataOptions) -> list[SampleFootage]:
    """Samples by the video they are about."""
    ordered = sorted(samples, key=lambda sample: sample.video_id)
    groups = groupby(ordered, key=lambda sample: sample.video_id)
    return [SampleFootage(tuple(members), data) for _, members in groups]
