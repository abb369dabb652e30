"""TGL's moment-guided dual-path propagation (Eq. 4 and 5), as a plan."""

from bisect import bisect
from collections import deque
from collections.abc import Container, Sequence
from itertools import groupby
from math import inf
from typing import Literal

from momentvos.moment import Moment
from momentvos.propagation import Plan, Read, Step

TURN = 256
"""Frames of the video in which M+ goes on before M- catches up."""


def dual_path(
    frames: Sequence[int],
    moment: Moment,
    *,
    moment_features: bool = True,
    memory: Literal["moment", "all"] = "moment",
    moment_reads: bool = True,
    count: int = 6,
    pointers: int = 15,
    slots: Literal["rank", "distance"] = "rank",
    alone: Container[int] = (),
    obj_id: int = 0,
    turn: int = TURN,
) -> Plan:
    """Segment the frames of M+ in time order, then every frame of M- from the finished bank.

    The frames of M+ are adapted and prompted by the sentence; each is remembered. Then all frames
    of M- read the finished bank from both sides, with untouched features and no prompt. They do
    not depend on each other, so they are one stage. In a long video those whose memories are there
    come earlier, every `turn` frames: they read the same, and what they read need not be kept until
    the end.

    Args:
        frames: ascending frame numbers to segment.
        moment: M+. Where none of the frames lies in it, all of them count as M+, which is
            the baseline (SAMWISE).
        moment_features: MFE of Table 3; False adapts and prompts the frames of M- too.
        memory: ``moment`` remembers M+ only; ``all`` remembers every frame, which makes each
            frame depend on the one before it, so the walk is chronological (Table 3, "All frames").
        moment_reads: the frames of M+ read each other's memories (Eq. 3). False leaves them to the
            prompt alone, so that they do not depend on each other; only with ``memory="moment"``.
        count: memories read ("the 6 nearest frames", appendix A.3).
        pointers: object pointers read.
        slots: see :class:`momentvos.propagation.Read`.
        alone: frames of M+ that read nothing.
        obj_id: the object of all steps.
        turn: frames of the video in which M+ goes on before M- catches up.
    """
    inside = [frame for frame in frames if frame in moment] or list(frames)
    chosen = set(inside)
    previous = Read(count, "previous", pointers, slots=slots)
    nearest = Read(count, "nearest", pointers, slots=slots)

    def reads(frame: int, walk: Sequence[int]) -> Read | None:
        return None if frame == walk[0] or frame in alone else previous

    def step(frame: int, read: Read | None) -> Step:
        prompted = frame in chosen or not moment_features
        return path_step(frame, read, prompted, frame in chosen or memory == "all", obj_id)

    if memory == "all":
        return Plan(tuple((step(frame, reads(frame, frames)),) for frame in frames))
    stages: list[tuple[Step, ...]] = []
    waiting = deque(frame for frame in frames if frame not in chosen)
    ahead, written = max(count, inf if pointers is None else pointers), 0
    for _, walked in groupby(inside, lambda frame: frame // turn):
        part = tuple(
            step(frame, reads(frame, inside) if moment_reads else None) for frame in walked
        )
        stages += [(one,) for one in part] if moment_reads else [part]
        written += len(part)
        # No frame behind the next `ahead` ones of M+ is among the nearest.
        rest = []
        while waiting and written >= min(bisect(inside, waiting[0]) + ahead, len(inside)):
            rest.append(step(waiting.popleft(), nearest))
        if rest:
            stages.append(tuple(rest))
    return Plan(tuple(stages))


def path_step(frame: int, read: Read | None, prompted: bool, remembered: bool, obj_id: int) -> Step:
    """A frame's step: F_Adp and rho_txt where it is prompted, else F_SAM and what it reads."""
    return Step(
        frame,
        "adapted" if prompted else "plain",
        "tokens" if prompted else None,
        read,
        "recent" if remembered else None,
        obj_id,
    )
