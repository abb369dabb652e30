"""The memory bank: what each object has written, and which of it a step reads."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from momentvos.propagation.step import Read, Step
from momentvos.results.record import State


@dataclass(frozen=True, slots=True)
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


class Readings(NamedTuple):
    """What `N` steps read: memories [N, K, M, h, w] with their slots [N, K], and object pointers
    [N, P, C] with their distances [N, P] in frames; None where there are none.
    """

    memories: Tensor | None
    slots: Tensor | None
    pointers: Tensor | None
    distances: Tensor | None


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
        """Choose what a step at `frame` reads; `rows` is SAM2's number of temporal slots."""
        if read is None:
            return Selection()
        seen = _within(self.conditioning, read.within)
        anchors = _nearest(seen, frame, read.conditioning)
        pick = {"previous": _previous, "next": _next, "nearest": _nearest}[read.order]
        recent = _within(self.recent, read.within)
        near = _close(recent, frame, read.reach)
        if rows < 2:
            near = []
        if read.stride > 1:
            places = {other: place for place, other in enumerate(_strided(frame, read))}
            others = [other for other in places if _holds(near, other)]
        else:
            others = pick(near, frame, read.frames)
            places = {other: max(abs(frame - other) - 1, 0) for other in others}
        if read.slots == "rank":
            places = {other: rank for rank, other in enumerate(others)}
        last = rows - 2
        slots = [min(places[other], last) for other in others]
        passed = [a for a in anchors if _passed(a, frame, read.order)] if read.passed else anchors
        passed = passed[: read.pointers]
        room = None if read.pointers is None else read.pointers - len(passed)
        pointers = [*passed, *pick(_close(recent, frame, read.pointer_reach), frame, room)]
        return Selection(
            (*anchors, *others),
            (*([rows - 1] * len(anchors)), *slots),
            tuple(pointers),
            tuple(abs(frame - pointer) for pointer in pointers),
        )


def _strided(frame: int, read: Read) -> list[int]:
    """SAM2's candidates, nearest first: the neighbour, then every stride-th frame number.

    Of ``memory_temporal_stride_for_eval`` in Meta's ``sam2_base.py``: those after the first are
    multiples of the stride, so consecutive frames share them.
    """
    if not read.frames:
        return []
    stride, further = read.stride, range(read.frames - 1)
    if read.order == "previous":
        start = (frame - 2) // stride * stride
        return [frame - 1, *(start - k * stride for k in further)]
    start = -(-(frame + 2) // stride) * stride
    return [frame + 1, *(start + k * stride for k in further)]


def _holds(frames: Sequence[int], frame: int) -> bool:
    place = bisect_left(frames, frame)
    return place < len(frames) and frames[place] == frame


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

    def write(self, step: Step, memory: Tensor | None, pointer: Tensor) -> None:
        """Remember `memory` [M, h, w] and `pointer` [C] for the step's frame and object.

        None: nothing will read that memory; the frame counts as written all the same.
        """
        key = (step.obj_id, step.frame)
        index = self._index.setdefault(step.obj_id, Index())
        index.add(step.frame, step.write == "conditioning")
        if memory is not None:
            self._memories[key] = memory
        self._pointers[key] = pointer

    def select(self, step: Step) -> Selection:
        """What the step reads, by its own rule and what is written so far."""
        return self._index.get(step.obj_id, Index()).select(step.frame, step.read, self.rows)

    def gather(self, steps: Sequence[Step], selections: Sequence[Selection]) -> Readings | None:
        """Stack what equally long selections name; None where they are empty."""
        pairs = list(zip(steps, selections, strict=True))
        memories = slots = pointers = distances = None
        if selections[0].frames:
            rows = [[self._memories[s.obj_id, frame] for frame in c.frames] for s, c in pairs]
            memories = torch.stack([torch.stack(row) for row in rows])
            slots = torch.tensor([c.slots for c in selections], device=memories.device)
        if selections[0].pointers:
            rows = [[self._pointers[s.obj_id, frame] for frame in c.pointers] for s, c in pairs]
            pointers = torch.stack([torch.stack(row) for row in rows])
            distances = torch.tensor([c.offsets for c in selections], device=pointers.device)
            distances = distances.float()
        if memories is None and pointers is None:
            return None
        return Readings(memories, slots, pointers, distances)

    def forget(self, obj_id: int, frame: int, *, pointer: bool) -> None:
        """Free a tensor that nothing will read again; the frame still counts as written."""
        store = self._pointers if pointer else self._memories
        store.pop((obj_id, frame), None)

    def drop(self, obj_id: int) -> None:
        """Forget an object, as if it had never been written."""
        self._index.pop(obj_id, None)
        for store in (self._memories, self._pointers):
            for key in [key for key in store if key[0] == obj_id]:
                del store[key]

    def clear(self, obj_id: int, frames: Container[int]) -> None:
        """Drop the non-conditioning entries of `frames`, as if they had never been written."""
        for frame in self._index.get(obj_id, Index()).drop(frames):
            for pointer in (False, True):
                self.forget(obj_id, frame, pointer=pointer)

    def state(self) -> State:
        """All that is in it, to be kept."""
        made = State({"frames": {}})
        for obj_id, index in self._index.items():
            made.values["frames"][str(obj_id)] = [_spans(index.recent), _spans(index.conditioning)]
        for name, store in (("memories", self._memories), ("pointers", self._pointers)):
            made.values[name] = list(store)
            if store:
                made.tensors[name] = torch.stack(list(store.values()))
        return made

    def restore(self, state: State, like: Tensor) -> None:
        """Hold what was kept, on the device of `like`. Raises what is in `UNUSABLE` otherwise."""
        values, stores = state.values, {}
        for name in ("memories", "pointers"):
            keys = [(int(obj_id), int(frame)) for obj_id, frame in values[name]]
            rows = state.tensors[name].to(like.device).unbind() if keys else ()
            stores[name] = dict(zip(keys, rows, strict=True))
        index = {
            int(obj_id): Index(_frames(recent), _frames(conditioning))
            for obj_id, (recent, conditioning) in values["frames"].items()
        }
        self._index, self._memories, self._pointers = index, stores["memories"], stores["pointers"]


def _spans(frames: Sequence[int]) -> list[list[int]]:
    """Ascending numbers as runs, [first, last] each."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return runs


def _frames(runs: Sequence[Any]) -> list[int]:
    return [frame for first, last in runs for frame in range(int(first), int(last) + 1)]
