"""Execute steps as their frames come, for ever: the bank holds what later steps can still reach."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from transformers import Sam2VideoModel

from momentvos.propagation.bank import Bank
from momentvos.propagation.engine import (
    Engine,
    FeatureSource,
    MemoryMaskHook,
    PromptSource,
    batches,
)
from momentvos.propagation.options import DecoderOptions
from momentvos.propagation.plan import Stage
from momentvos.propagation.run import Segmented
from momentvos.propagation.step import Read


@dataclass
class _Object:
    """Non-conditioning frames of an object that the bank holds, and how many a step may read."""

    memories: int
    pointers: int
    written: deque[int] = field(default_factory=deque)


class LiveRun:
    """A run without a plan: its stages are given one by one, and it has no last one.

    `lifetimes` reads off a plan how long each memory is needed. Here the steps to come are not
    known, but how far back they read is: each walk goes forwards, so that all but the latest
    memories of an object are out of reach, and the bank drops them, with their names.

    Args:
        sam, features, prompts, options, memory_mask_hook: see :func:`momentvos.propagation.run`.
    """

    def __init__(
        self,
        sam: Sam2VideoModel,
        features: FeatureSource,
        prompts: PromptSource,
        options: DecoderOptions,
        memory_mask_hook: MemoryMaskHook | None = None,
    ) -> None:
        self._bank = Bank(sam.config.num_maskmem)
        self._engine = Engine(sam, self._bank, features, prompts, options, memory_mask_hook)
        self._objects: dict[int, _Object] = {}

    def __len__(self) -> int:
        """Number of memories held."""
        return len(self._bank)

    def begin(self, obj_id: int, read: Read) -> None:
        """Begin an object, of which no step will read more than this.

        Raises ValueError for a read without bounds, or of frames to come.
        """
        pointers = read.pointers if read.pointers is not None else read.pointer_reach
        if pointers is None or read.stride > 1 or read.order == "next":
            raise ValueError("an endless walk reads a bounded number of memories behind it")
        self._objects[obj_id] = _Object(read.frames, pointers)

    def stage(self, steps: Stage) -> Iterator[Segmented]:
        """Segment steps about one frame, of different objects, each later than those before.

        Raises ValueError as `run` does.
        """
        for batch, selections in batches(steps, self._bank, self._engine.options.batch):
            yield Segmented(batch, self._engine.segment(batch, selections))
        for step in steps:
            if step.write == "recent":
                self._forget(step.obj_id, step.frame)

    def end(self, obj_id: int) -> None:
        """Forget an object."""
        self._objects.pop(obj_id, None)
        self._bank.drop(obj_id)

    def _forget(self, obj_id: int, frame: int) -> None:
        """Note a frame that was written, and drop what has gone out of reach."""
        one = self._objects[obj_id]
        one.written.append(frame)
        if len(one.written) > one.memories:
            old = one.written[-one.memories - 1]
            self._bank.forget(obj_id, old, pointer=False)
        if len(one.written) > max(one.memories, one.pointers):
            self._bank.clear(obj_id, {one.written.popleft()})
