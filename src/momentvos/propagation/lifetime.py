"""How long each memory is needed, read off the plan before it runs."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentvos.propagation.bank import Index
from momentvos.propagation.plan import Plan
from momentvos.propagation.step import Read


class Expiry(NamedTuple):
    """A tensor of the bank that nothing reads after a given stage."""

    obj_id: int
    frame: int
    pointer: bool


class Lifetimes:
    """For each stage of a plan, the entries that can be freed once it is done.

    A long video has two of them a frame, so they lie in arrays and are made as they are asked for.

    Args:
        last: the stage that reads, or only writes, each entry last.
        stages: how many there are.
    """

    def __init__(self, last: dict[Expiry, int], stages: int) -> None:
        at = np.fromiter(last.values(), np.int64, len(last))
        order = np.argsort(at, kind="stable")
        entries = np.fromiter((part for entry in last for part in entry), np.int64, 3 * len(last))
        self._entries: NDArray[np.int64] = entries.reshape(-1, 3)[order]
        self._first = np.searchsorted(at[order], np.arange(stages + 1))

    def __getitem__(self, stage: int) -> set[Expiry]:
        """Those of a stage, counted from 0."""
        rows = self._entries[self._first[stage] : self._first[stage + 1]].tolist()
        return {Expiry(obj, frame, bool(pointer)) for obj, frame, pointer in rows}


def lifetimes(plan: Plan, rows: int) -> Lifetimes:
    """For each stage of the plan, the entries that can be freed once it is done.

    What a step reads depends only on which frames were written before, never on pixels, so a
    dry run of the plan tells the last reader of every entry. The bank of a long video
    therefore holds a few frames around each border of the moment, not the whole moment.

    A plan's hook may clear part of the bank, which does depend on pixels. Where reads are bounded
    by distance alone, clearing can only make them smaller, so the dry run without any still frees
    nothing too early. Raises ValueError for a step under a hook that is bounded otherwise.
    """
    indices: dict[int, Index] = defaultdict(Index)
    last: dict[Expiry, int] = {}
    for number, stage in enumerate(plan.stages):
        for step in stage:
            if plan.hooked(step.obj_id) and not _bounded_by_distance(step.read):
                raise ValueError(
                    f"a hook may clear what frame {step.frame} reads, so only `reach` may bound it"
                )
            chosen = indices[step.obj_id].select(step.frame, step.read, rows)
            for frame in chosen.frames:
                last[Expiry(step.obj_id, frame, False)] = number
            for frame in chosen.pointers:
                last[Expiry(step.obj_id, frame, True)] = number
        for step in stage:
            if step.write:
                indices[step.obj_id].add(step.frame, step.write == "conditioning")
                for pointer in (False, True):
                    last.setdefault(Expiry(step.obj_id, step.frame, pointer), number)
    return Lifetimes(last, len(plan.stages))


def _bounded_by_distance(read: Read | None) -> bool:
    if read is None:
        return True
    # What a stride names is fixed by the frame's number; a rank is not, so it needs `reach`.
    fixed = read.stride > 1 or (read.reach is not None and read.frames >= read.reach)
    return fixed and (read.pointers is None or read.pointers == 0)
