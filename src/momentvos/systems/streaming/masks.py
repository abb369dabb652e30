"""Masks of a stream's objects, frame by frame: sentences by their system, what is given by SAM2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentvos.propagation import DecoderOptions, Step
from momentvos.propagation.live import LiveRun
from momentvos.sam2 import Prompt
from momentvos.selection import mask_confidence
from momentvos.systems.streaming.given import Given, GivenFollower, prompts
from momentvos.systems.streaming.session import Due, Follower, StreamSession

if TYPE_CHECKING:
    from momentvos.propagation import Segmented
    from momentvos.systems.streaming.answer import LiveAnswer


class LiveMask(NamedTuple):
    """A mask bool [H, W], how sure it is, 0..1, and the object probability where that counts."""

    mask: NDArray[np.bool_]
    confidence: float
    probability: float | None


class LiveMasks:
    """The two runs of a stream, and what is given in it.

    Args:
        session: the system at work.
    """

    def __init__(self, session: StreamSession) -> None:
        self._session = session
        sam, features = session.model.sam, session.features
        options, hook = session.decoder_options, session.memory_mask_hook()
        self._told = LiveRun(sam, features, session.prompts, options, hook)
        self._given: dict[int, Given] = {}
        sam2 = DecoderOptions.of_sam2(session.config.sam_config)
        self._pointed = LiveRun(sam, features, self._prompts, sam2)

    def __len__(self) -> int:
        """Number of memories held."""
        return len(self._told) + len(self._pointed)

    def begin(self, obj_id: int, follower: Follower) -> None:
        """Begin an object."""
        if isinstance(follower, GivenFollower):
            self._given[obj_id] = follower.given
        self._run(obj_id).begin(obj_id, follower.reads)

    def end(self, obj_id: int) -> None:
        """Forget an object."""
        self._run(obj_id).end(obj_id)
        self._given.pop(obj_id, None)

    def check_size(self, size: tuple[int, int]) -> None:
        """Raise ArgumentError for what was given before it was known how large frames are."""
        for given in self._given.values():
            given.check(size)

    def segment(self, turns: Sequence[tuple[LiveAnswer, Due]]) -> list[LiveMask]:
        """A mask for each turn; all of them are about one frame."""
        steps = [due.step for _, due in turns if due.step is not None]
        pointed = tuple(step for step in steps if step.obj_id in self._given)
        told = tuple(step for step in steps if step.obj_id not in self._given)
        made: dict[int, LiveMask] = {}
        for run, stage in ((self._told, told), (self._pointed, pointed)):
            for part in run.stage(stage):
                made.update(self._masks(part))
        empty = LiveMask(np.zeros(self._session.frames.size, dtype=bool), 0.0, None)
        return [made.get(answer.obj_id, empty) for answer, _ in turns]

    def _masks(self, part: Segmented) -> Iterator[tuple[int, LiveMask]]:
        session = self._session
        rows = zip(part.steps, part.decoded.logits, part.decoded.score, strict=True)
        for step, logits, score in rows:
            probability = float(score.float().sigmoid())
            mask = session.frames.mask(logits, step.frame, session.config.guided_radius)
            counts = step.obj_id in self._given or session.counts(step)
            confidence = probability * mask_confidence(logits)
            yield step.obj_id, LiveMask(mask, confidence, probability if counts else None)

    def _run(self, obj_id: int) -> LiveRun:
        return self._pointed if obj_id in self._given else self._told

    def _prompts(self, steps: Sequence[Step]) -> Prompt:
        return prompts(self._session.frames, [self._given[step.obj_id] for step in steps])
