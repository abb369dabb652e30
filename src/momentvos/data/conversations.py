"""Numbered micro-batches of conversations: batch n depends on seed and n alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.data.conversation_source import ConversationSource, SampleSource, sample_conversation
from momentvos.data.dense_clips import dense_scene
from momentvos.data.options import ClipOptions, ConversationOptions, DataOptions
from momentvos.data.paraphrases import paraphrases
from momentvos.data.phrases import recast
from momentvos.data.sample import Sample
from momentvos.data.stream import random_scene
from momentvos.errors import DataError


@dataclass(frozen=True)
class WorldConversations:
    """V conversations per batch about MomentWorld's scenes, made on the fly.

    A share `data.phrases` of the scenes is recast, or replaced by a dense one, and described by
    phrases. The task "say" has no scene.
    """

    data: DataOptions
    options: ConversationOptions
    seed: int = 0

    @property
    def length(self) -> int | None:
        """Batches per epoch: about one pass over the pool; None for endless data."""
        return None if self.data.pool is None else max(self.data.pool // self.data.videos, 1)

    def batch(self, number: int) -> ConversationBatch:
        """Batch `number`, 0 or more."""
        from momentvos.data.world.conversation_source import WorldSource

        rows = []
        for place in range(self.data.videos):
            rng = np.random.default_rng([self.seed, number, place])
            if self._alone and rng.random() < self._alone:
                pairs = paraphrases(rng, self.data.split, self.data.expressions or 4)
                rows.append(
                    Conversation(tuple(one for one, _ in pairs), tuple(two for _, two in pairs))
                )
                continue
            scene = random_scene(rng, self.data)
            phrased = bool(rng.random() < self.data.phrases)
            if phrased and self.data.dense:
                scene = dense_scene(rng, self.data, self._clip)
            elif phrased:
                scene = recast(rng, scene)
            source = WorldSource(scene, self.data, phrased)
            rows.append(sample_conversation(rng, source, self.data, self.options))
        return ConversationBatch(tuple(rows))

    @property
    def _alone(self) -> float:
        """Share of the conversations without a scene."""
        tasks = self.options.tasks
        return tasks.get("say", 0.0) / (sum(tasks.values()) or 1.0)

    @property
    def _clip(self) -> ClipOptions:
        """Length of a dense scene: one image, or a video as long as any scene."""
        from momentvos.data.world.version import version

        if self.options.context_frames == 0 and self.options.images == 1:
            return ClipOptions(sampler="random", frames=1)
        return ClipOptions(sampler="window", frames=version(self.data.world).longest)


class DatasetConversations:
    """V conversations per batch about a finite number of videos, shuffled every epoch.

    Raises DataError where no video can serve any of the tasks.
    """

    def __init__(
        self,
        source: Sequence[ConversationSource],
        data: DataOptions,
        options: ConversationOptions,
        seed: int = 0,
    ) -> None:
        wanted = {name for name, weight in options.tasks.items() if weight > 0}
        self.source = [one for one in source if one.tasks & wanted]
        if not self.source:
            raise DataError(
                f"'{data.root}' holds nothing for the tasks {', '.join(sorted(wanted))}; "
                "masks are needed to segment, moments to ground."
            )
        self.data, self.options, self.seed = data, options, seed
        self._order: tuple[int, np.ndarray] | None = None

    @property
    def length(self) -> int | None:
        """Batches per epoch; the last one is filled up with videos of the next epoch."""
        return -(-len(self.source) // self.data.videos)

    def batch(self, number: int) -> ConversationBatch:
        """Batch `number`, 0 or more."""
        first = number * self.data.videos
        rows = []
        for place in range(first, first + self.data.videos):
            epoch, item = divmod(place, len(self.source))
            if self._order is None or self._order[0] != epoch:
                rng = np.random.default_rng([self.seed, epoch])
                self._order = epoch, rng.permutation(len(self.source))
            rng = np.random.default_rng([self.seed, epoch, item])
            source = self.source[int(self._order[1][item])]
            rows.append(sample_conversation(rng, source, self.data, self.options))
        return ConversationBatch(tuple(rows))


def videos(samples: Sequence[Sample], data: DataOptions) -> list[SampleSource]:
    """Group samples by video."""
    ordered = sorted(samples, key=lambda sample: sample.video_id)
    groups = groupby(ordered, key=lambda sample: sample.video_id)
    return [SampleSource(tuple(members), data) for _, members in groups]
