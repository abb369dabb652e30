"""MomentSeg's Bidirectional Anchor-updated Propagation, as a plan."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from momentvos.propagation import Plan, both_ways
from momentvos.propagation.step import PromptKind
from momentvos.systems.momentseg.refresh import Refresh, RefreshHook

RELEASED = Refresh()
"""The update rule of the released code."""


def from_anchors(
    frames: Sequence[int],
    anchors: Sequence[int],
    centre: int | None = None,
    *,
    given: PromptKind = "tokens",
    tracked: PromptKind | None = "tokens",
    refresh: Refresh | None = RELEASED,
    obj_id: int = 0,
) -> Plan:
    """Segment the anchors, then track both ways from the centre one; anchors may clear memories.

    The order is that of :func:`momentvos.propagation.both_ways`. As released every frame is
    prompted, and each anchor that the walk meets may clear the recent memories around it
    (:class:`Refresh`). Sa2VA is the same from its first anchor, with ``tracked=None,
    refresh=None``.

    Args:
        frames: ascending frame numbers to segment.
        anchors: ascending, some of them.
        centre: index of the anchor to start from; None is the middle one, ``len(anchors) // 2``.
        given: what the anchors are prompted with.
        tracked: what all other frames are prompted with.
        refresh: when an anchor clears memories; None: never.
        obj_id: the object of all steps.

    Raises:
        ValueError: anchors that do not ascend or are not among the frames, or none.
    """
    plan = both_ways(frames, anchors, centre, given=given, tracked=tracked, obj_id=obj_id)
    return plan if refresh is None else replace(plan, hook=partial(RefreshHook, refresh))
