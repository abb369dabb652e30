"""Generic orders in which to walk through a video; each paper's own is in its system's folder."""

from collections.abc import Sequence
from typing import Literal

from momentvos.propagation.plan import Plan
from momentvos.propagation.step import PromptKind, Read, Step


def chronological(frames: Sequence[int], read: Read | None = None, obj_id: int = 0) -> Plan:
    """Adapt, prompt and remember every frame, one after the other (SAMWISE).

    Args:
        frames: ascending frame numbers.
        read: what each frame but the first takes from the bank; default the previous six
            memories and fifteen pointers.
        obj_id: the object of all steps.
    """
    read = read or Read()
    return Plan(
        tuple(
            (Step(frame, "adapted", "tokens", read if position else None, "recent", obj_id),)
            for position, frame in enumerate(frames)
        )
    )


def both_ways(
    frames: Sequence[int],
    anchors: Sequence[int],
    centre: int | None = None,
    *,
    given: PromptKind = "mask",
    tracked: PromptKind | None = None,
    reach: int = 6,
    pointer_reach: int = 15,
    stride: int = 1,
    obj_id: int = 0,
) -> Plan:
    """Segment anchors, then track from one of them to the end and back to the start.

    All anchors are segmented first, without memory, and remembered as conditioning frames; they
    are one stage. From the centre anchor the walk goes to the last frame and then, from the same
    anchor, back to the first. Each direction reads the anchors on its own side, those ahead of it
    included, and its own recent frames at SAM2's temporal slots, as SAM2 tracks at inference.
    ``Step.met`` names the anchors that the walk has reached since its last step.

    Args:
        frames: ascending frame numbers to segment.
        anchors: ascending, some of them.
        centre: index of the anchor to start from; None is the middle one, ``len(anchors) // 2``.
        given: what the anchors are prompted with; "mask" where their masks are already known.
        tracked: what all other frames are prompted with; None leaves them to memory.
        reach: recent memories read, in frames of distance, or in strides.
        pointer_reach: the same for object pointers.
        stride: see :class:`Read`.
        obj_id: the object of all steps.

    Raises:
        ValueError: anchors that do not ascend or are not among the frames, or none.
    """
    known = set(anchors)
    if not anchors or sorted(known) != list(anchors) or not known <= set(frames):
        raise ValueError(f"anchors {list(anchors)} must ascend and be among the frames")
    start = anchors[len(anchors) // 2 if centre is None else centre]
    first = tuple(Step(anchor, "plain", given, None, "conditioning", obj_id) for anchor in anchors)
    stages = [first]
    walks: tuple[tuple[Literal["previous", "next"], list[int]], ...] = (
        ("previous", [frame for frame in frames if frame >= start]),
        ("next", [frame for frame in reversed(frames) if frame <= start]),
    )
    for order, side in walks:
        span = (min(side), max(side))
        read = Read(
            reach,
            order,
            pointers=None,
            slots="distance",
            reach=reach if stride == 1 else None,
            pointer_reach=pointer_reach,
            within=span,
            passed=True,
            stride=stride,
        )
        met: list[int] = []
        for frame in side:
            if frame in known:
                met.append(frame)
            else:
                step = Step(frame, "plain", tracked, read, "recent", obj_id, tuple(met))
                stages.append((step,))
                met = []
    return Plan(tuple(stages))
