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

    It goes from one keyframe of any object to the next: first what is prompted, then the walks
    forwards between the two, then those backwards. The steps of a frame stand in one stage. So a
    frame's features are computed once however many objects there are, if those of the frames
    between two keyframes are held, and the bank holds what lies between two keyframes as well. (An
    object that is not detected in a keyframe is walked back to across it.)
    """
    keys = sorted({frame for _, prompts in objects.values() for frame in prompts})
    stages: dict[tuple[int, int, int], list[Step]] = defaultdict(list)
    for number, (frames, prompts) in objects.items():
        places = _Places(keys, frames, prompts)
        for step in object_steps(number, frames, prompts):
            stages[places(step)].append(step)
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


class _Places:
    """Where an object's steps stand in the plan: (part, pass, order), ascending.

    Part k lies before keyframe k of the plan, and holds that keyframe.
    """

    def __init__(
        self, keys: Sequence[int], frames: Sequence[int], prompts: Mapping[int, PromptKind]
    ) -> None:
        self.keys, self.anchors = keys, sorted(prompts)
        # What lies before the first anchor reads the second one too.
        self.early = self.anchors[: CONDITIONING if frames[0] < self.anchors[0] else 1]

    def __call__(self, step: Step) -> tuple[int, int, int]:
        frame = step.frame
        if step.read is None:
            if frame in self.early:
                return self._part(self.anchors[0]), 0, frame
            before = self.anchors[bisect_left(self.anchors, frame) - 1]
            return self._part(before) + 1, 0, frame
        if step.read.order == "previous":
            return self._part(frame), 1, frame
        behind = self.anchors[bisect_left(self.anchors, frame)]
        return self._part(behind), 2, -frame

    def _part(self, frame: int) -> int:
        return bisect_left(self.keys, frame)
