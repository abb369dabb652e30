"""VRS-HQ's propagation from a keyframe, as a plan."""

from collections.abc import Sequence

from momentvos.propagation import Plan, both_ways
from momentvos.propagation.step import PromptKind


def from_keyframe(
    frames: Sequence[int],
    key: int,
    *,
    given: PromptKind = "mask",
    tracked: PromptKind | None = None,
    obj_id: int = 0,
) -> Plan:
    """Segment one frame, then track it to the end, and from the same frame to the start.

    Args:
        frames: ascending frame numbers to segment.
        key: the keyframe, one of them.
        given: what the keyframe is prompted with; "mask" where it was segmented before.
        tracked: what all other frames are prompted with; None leaves them to memory.
        obj_id: the object of all steps.

    Raises:
        ValueError: the keyframe is not among the frames.
    """
    return both_ways(frames, [key], given=given, tracked=tracked, obj_id=obj_id)
