"""The memory bank: what each object has written, and which of it a step reads."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from momentvos.propagation.step import Read, Step


@dataclass(frozen=True)
class Selection:
    """The bank entries one step reads.

    Attributes:
        frames: memories, conditioning ones first, then nearest first.
        slots: row of the temporal encoding per memory.
        pointers: frames whose object pointers are read.
        offsets: distance in frames per pointer.
    """

    frames: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()
    pointers: tuple[int, ...] = ()
    offsets: tuple[int, ...] = ()


@dataclass
class Index:
    """Which frames one object has written; decides what is read, holds no tensors."""

    recent: list[int] = field(default_factory=list)
    conditioning: list[int] = field(default_factory=list)

    def add(self, frame: int, conditioning: bool) -> None:
        """Note that a frame was written."""
        insort(self.conditioning if conditioning else self.recent, frame)

    def drop(self, frames: Container[int]) -> list[int]:
        """Take non-conditioning frames out as if they had never been written; which ones."""
        dropped = [frame for frame in self.recent if frame in frames]
        self.recent = [frame for frame in self.recent if frame not in frames]
        return dropped

    def select(self, frame: int, read: Read | None, rows: int) -> Selection:
        """Entries that a step at `frame` reads; `rows` is SAM2's number of temporal slots."""
        if read is None:
            return Selection()
        seen = _within(self.conditioning, read.within)
        anchors = _nearest(seen, frame, read.conditioning)
        pick = {"previous": _previous, "next": _next, "nearest": _nearest}[read.order]
        recent = _within(self.recent, read.within)
        others = pick(_close(recent, frame, read.reach), frame, read.frames)
        last = rows - 2
        if read.slots == "rank":
            slots = [min(rank, last) for rank in range(len(others))]
        else:
            slots = [min(max(abs(frame - other) - 1, 0), last) for other in others]
        spoken = [a for a in anchors if _passed(a, frame, read.order)] if read.passed else anchors
        room = None if read.pointers is None else max(read.pointers - len(spoken), 0)
        pointers = [*spoken, *pick(_close(recent, frame, read.pointer_reach), frame, room)]
        return Selection(
            (*anchors, *others),
            (*([rows - 1] * len(anchors)), *slots),
            tuple(pointers),
            tuple(abs(frame - pointer) for pointer in pointers),
        )


def _previous(frames: Sequence[int], frame: int, count: int | None) -> list[int]:
    end = bisect_left(frames, frame)
    start = 0 if count is None else max(end - count, 0)
    return list(reversed(frames[start:end]))


def _next(frames: Sequence[int], frame: int, count: int | None) -> list[int]:
    start = bisect_right(frames, frame)
    return list(frames[start:] if count is None else frames[start : start + count])


def _within(frames: Sequence[int], span: tuple[int, int] | None) -> Sequence[int]:
    if span is None:
        return frames
    return frames[bisect_left(frames, span[0]) : bisect_right(frames, span[1])]


def _close(frames: Sequence[int], frame: int, reach: int | None) -> Sequence[int]:
    return frames if reach is None else _within(frames, (frame - reach, frame + reach))


def _passed(anchor: int, frame: int, order: str) -> bool:
    return anchor >= frame if order == "next" else anchor <= frame


def _nearest(frames: Sequence[int], frame: int, count: int | None) -> list[int]:
    if count is None:
        count = len(frames)
    middle = bisect_left(frames, frame)
    near = frames[max(middle - count, 0) : middle + count]
    return sorted(near, key=lambda other: (abs(other - frame), other))[:count]


class Bank:
    """Memories and object pointers of all objects.

    Args:
        rows: number of rows of SAM2's temporal encoding (``num_maskmem``); the last one is
            for conditioning memories.
    """

    def __init__(self, rows: int = 7) -> None:
        self.rows = rows
        self._index: dict[int, Index] = {}
        self._memories: dict[tuple[int, int], Tensor] = {}
        self._pointers: dict[tuple[int, int], Tensor] = {}

    def __len__(self) -> int:
        """Number of spatial memories held."""
        return len(self._memories)

    def write(self, step: Step, memory: Tensor, pointer: Tensor) -> None:
        """Remember `memory` [M, h, w] and `pointer` [C] for the step's frame and object."""
        key = (step.obj_id, step.frame)
        index = self._index.setdefault(step.obj_id, Index())
        index.add(step.frame, step.write == "conditioning")
        self._memories[key] = memory
        self._pointers[key] = pointer

    def select(self, step: Step) -> Selection:
        """What the step reads, by its own rule and what is written so far."""
        return self._index.get(step.obj_id, Index()).select(step.frame, step.read, self.rows)

    def gather(
        self, steps: Sequence[Step], selections: Sequence[Selection]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor] | None:
        """Stack what equally long selections name.

        Returns:
            memories [N, K, M, h, w], slots [N, K], pointers [N, P, C], offsets [N, P] in frames;
            None where the selections are empty.
        """
        if not selections[0].frames:
            return None
        pairs = list(zip(steps, selections, strict=True))
        memories = [
            torch.stack([self._memories[step.obj_id, frame] for frame in chosen.frames])
            for step, chosen in pairs
        ]
        pointers = [
            torch.stack([self._pointers[step.obj_id, frame] for frame in chosen.pointers])
            for step, chosen in pairs
        ]
        device = memories[0].device
        slots = torch.tensor([chosen.slots for chosen in selections], device=device)
        offsets = torch.tensor([chosen.offsets for chosen in selections], device=device)
        return torch.stack(memories), slots, torch.stack(pointers), offsets.float()

    def forget(self, obj_id: int, frame: int, *, pointer: bool) -> None:
        """Free a tensor that nothing will read again; the frame still counts as written."""
        store = self._pointers if pointer else self._memories
        store.pop((obj_id, frame), None)

    def clear(self, obj_id: int, frames: Container[int]) -> None:
        """Drop the non-conditioning entries of `frames`, as if they had never been written."""
        for frame in self._index.get(obj_id, Index()).drop(frames):
            for pointer in (False, True):
                self.forget(obj_id, frame, pointer=pointer)
