"""The plan: all objects of a stretch of the video, each frame from the nearest keyframe."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from momentvos.propagation import Plan, Read, Step
from momentvos.propagation.step import PromptKind

REACH, POINTERS = 6, 15
"""Frames of distance over which memories and object pointers are read, as SAM2 does."""

CONDITIONING = 2
"""Keyframes that a frame reads, the nearest ones. More take more time and gain nothing (mean IoU of
tracks on MomentWorld, in one walk: 0.834 with 2, 0.829 with 4, 0.816 with all)."""

Objects = Mapping[int, tuple[Sequence[int], Mapping[int, PromptKind]]]
"""By number of an object, its frames, ascending, and what it is prompted with in some of them."""


def stretch(objects: Objects) -> Plan:
    """The plan of several objects.

    The steps of a frame stand in one stage: prompted frames first, then the walks forwards, then
    those backwards. So a frame's features are computed once where all objects have the same
    keyframes, and a few times at most, however many objects there are.
    """
    stages: dict[tuple[int, int], list[Step]] = defaultdict(list)
    for number, (frames, prompts) in objects.items():
        for step in object_steps(number, frames, prompts):
            stages[_place(step)].append(step)
    return Plan(tuple(tuple(stages[place]) for place in sorted(stages)))


def object_steps(
    number: int, frames: Sequence[int], prompts: Mapping[int, PromptKind]
) -> Iterator[Step]:
    """Steps of one object: its prompted frames, and walks from each of them to halfway to the next.

    What memory loses on the way grows with the way, which is half as long as in one walk through
    all frames. A walk reads its own frames and the nearest keyframes.
    """
    anchors = sorted(prompts)
    for frame in frames:
        if frame in prompts:
            yield Step(frame, "plain", prompts[frame], None, "conditioning", number)
            continue
        place = bisect_left(anchors, frame)
        before = anchors[place - 1] if place else None
        behind = anchors[place] if place < len(anchors) else None
        forwards = behind is None or (before is not None and frame - before <= behind - frame)
        read = Read(
            REACH,
            "previous" if forwards else "next",
            pointers=None,
            conditioning=CONDITIONING,
            slots="distance",
            reach=REACH,
            pointer_reach=POINTERS,
            within=None if before is None or behind is None else (before, behind),
            passed=True,
        )
        yield Step(frame, "plain", None, read, "recent", number)


def _place(step: Step) -> tuple[int, int]:
    """Where a step stands: prompted frames first, then forwards, then backwards."""
    if step.read is None:
        return 0, step.frame
    return (1, step.frame) if step.read.order == "previous" else (2, -step.frame)
