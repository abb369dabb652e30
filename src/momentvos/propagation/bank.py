"""The memory bank: what each lane has written, and which of it a step reads."""

from bisect import bisect_left, insort
from collections.abc import Sequence
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
    """Which frames one lane has written; decides what is read, holds no tensors."""

    recent: list[int] = field(default_factory=list)
    conditioning: list[int] = field(default_factory=list)

    def add(self, frame: int, conditioning: bool) -> None:
        """Note that a frame was written."""
        insort(self.conditioning if conditioning else self.recent, frame)

    def select(self, frame: int, read: Read | None, rows: int) -> Selection:
        """Entries that a step at `frame` reads; `rows` is SAM2's number of temporal slots."""
        if read is None:
            return Selection()
        anchors = _nearest(self.conditioning, frame, read.conditioning)
        pick = _previous if read.order == "previous" else _nearest
        others = pick(self.recent, frame, read.frames)
        last = rows - 2
        if read.slots == "rank":
            slots = [min(rank, last) for rank in range(len(others))]
        else:
            slots = [min(max(abs(frame - other) - 1, 0), last) for other in others]
        room = None if read.pointers is None else max(read.pointers - len(anchors), 0)
        pointers = [*anchors, *pick(self.recent, frame, room)]
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


def _nearest(frames: Sequence[int], frame: int, count: int | None) -> list[int]:
    if count is None:
        count = len(frames)
    middle = bisect_left(frames, frame)
    near = frames[max(middle - count, 0) : middle + count]
    return sorted(near, key=lambda other: (abs(other - frame), other))[:count]


class Bank:
    """Memories and object pointers of all lanes.

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
        """Remember `memory` [M, h, w] and `pointer` [C] for the step's frame and lane."""
        key = (step.lane, step.frame)
        index = self._index.setdefault(step.lane, Index())
        index.add(step.frame, step.write == "conditioning")
        self._memories[key] = memory
        self._pointers[key] = pointer

    def select(self, step: Step) -> Selection:
        """What the step reads, by its own rule and what is written so far."""
        return self._index.get(step.lane, Index()).select(step.frame, step.read, self.rows)

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
            torch.stack([self._memories[step.lane, frame] for frame in chosen.frames])
            for step, chosen in pairs
        ]
        pointers = [
            torch.stack([self._pointers[step.lane, frame] for frame in chosen.pointers])
            for step, chosen in pairs
        ]
        device = memories[0].device
        slots = torch.tensor([chosen.slots for chosen in selections], device=device)
        offsets = torch.tensor([chosen.offsets for chosen in selections], device=device)
        return torch.stack(memories), slots, torch.stack(pointers), offsets.float()

    def forget(self, lane: int, frame: int, *, pointer: bool) -> None:
        """Free a tensor that nothing will read again; the frame still counts as written."""
        store = self._pointers if pointer else self._memories
        store.pop((lane, frame), None)
