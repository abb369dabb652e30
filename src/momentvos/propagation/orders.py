"""The orders in which the papers walk through a video."""

from collections.abc import Sequence
from typing import Literal

from momentvos.moment import Moment
from momentvos.propagation.plan import Plan
from momentvos.propagation.step import PromptKind, Read, Step


def chronological(frames: Sequence[int], read: Read | None = None, lane: int = 0) -> Plan:
    """SAMWISE: every frame is adapted, prompted and remembered, one after the other.

    Args:
        frames: ascending frame numbers.
        read: what each frame but the first takes from the bank; default the previous six
            memories and fifteen pointers.
        lane: the lane of all steps.
    """
    read = read or Read()
    return Plan(
        tuple(
            (Step(frame, "text", "text", read if position else None, "recent", lane),)
            for position, frame in enumerate(frames)
        )
    )


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
    lane: int = 0,
) -> Plan:
    """TGL's moment-guided dual-path propagation (Eq. 4 and 5).

    The frames of M+ come first, in time order, adapted and prompted by the sentence; each is
    remembered. Then all frames of M- read the finished bank from both sides, with untouched
    features and no prompt. They do not depend on each other, so they are one stage.

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
        slots: see :class:`Read`.
        lane: the lane of all steps.
    """
    inside = [frame for frame in frames if frame in moment] or list(frames)
    chosen = set(inside)
    previous = Read(count, "previous", pointers, slots=slots)
    nearest = Read(count, "nearest", pointers, slots=slots)

    def step(frame: int, read: Read | None) -> Step:
        prompted = frame in chosen or not moment_features
        remembered = frame in chosen or memory == "all"
        return Step(
            frame,
            "text" if prompted else "plain",
            "text" if prompted else None,
            read,
            "recent" if remembered else None,
            lane,
        )

    if memory == "all":
        walk = ((step(frame, previous if k else None),) for k, frame in enumerate(frames))
        return Plan(tuple(walk))
    first: tuple[tuple[Step, ...], ...]
    if moment_reads:
        first = tuple((step(frame, previous if k else None),) for k, frame in enumerate(inside))
    else:
        first = (tuple(step(frame, None) for frame in inside),)
    rest = tuple(step(frame, nearest) for frame in frames if frame not in chosen)
    return Plan((*first, rest) if rest else first)


def from_anchors(
    frames: Sequence[int],
    anchors: Sequence[int],
    centre: int | None = None,
    *,
    given: PromptKind = "text",
    tracked: PromptKind | None = "text",
    refresh: bool = True,
    reach: int = 6,
    pointer_reach: int = 15,
    lane: int = 0,
) -> Plan:
    """MomentSeg's Bidirectional Anchor-updated Propagation.

    All anchors are segmented first, without memory, and remembered as conditioning frames; they
    are one stage. From the centre anchor the walk goes to the last frame and then, from the same
    anchor, back to the first. Each direction reads the anchors on its own side, those ahead of it
    included, and its own recent frames at SAM2's temporal slots. Each anchor that the walk meets
    may clear the recent memories around it (``Step.refresh``). Sa2VA is the same from its first
    anchor, with ``tracked=None, refresh=False``.

    Args:
        frames: ascending frame numbers to segment.
        anchors: ascending, some of them.
        centre: index of the anchor to start from; None is the middle one, ``len(anchors) // 2``.
        given: what the anchors are prompted with.
        tracked: what all other frames are prompted with.
        refresh: anchors may clear memories.
        reach: recent memories read, in frames of distance.
        pointer_reach: the same for object pointers.
        lane: the lane of all steps.

    Raises:
        ValueError: anchors that do not ascend or are not among the frames, or none.
    """
    known = set(anchors)
    if not anchors or sorted(known) != list(anchors) or not known <= set(frames):
        raise ValueError(f"anchors {list(anchors)} must ascend and be among the frames")
    start = anchors[len(anchors) // 2 if centre is None else centre]
    first = tuple(Step(anchor, "plain", given, None, "conditioning", lane) for anchor in anchors)
    stages = [first]
    walks: tuple[tuple[Literal["previous", "next"], list[int]], ...] = (
        ("previous", [frame for frame in frames if frame >= start]),
        ("next", [frame for frame in reversed(frames) if frame <= start]),
    )
    for order, side in walks:
        span = (min(side), max(side))
        read = Read(
            reach, order, None, None, "distance", reach, pointer_reach, within=span, passed=True
        )
        met: list[int] = []
        for frame in side:
            if frame in known:
                met.append(frame)
            else:
                cleared = tuple(met) if refresh else ()
                stages.append((Step(frame, "plain", tracked, read, "recent", lane, cleared),))
                met = []
    return Plan(tuple(stages))


def from_keyframe(
    frames: Sequence[int],
    key: int,
    *,
    given: PromptKind = "mask",
    tracked: PromptKind | None = None,
    reach: int = 6,
    pointer_reach: int = 15,
    lane: int = 0,
) -> Plan:
    """VRS-HQ: segment one frame, then track it to the end, and from the same frame to the start.

    Args:
        frames: ascending frame numbers to segment.
        key: the keyframe, one of them.
        given: what the keyframe is prompted with; "mask" where its mask is already known.
        tracked: what all other frames are prompted with; None leaves it to memory.
        reach, pointer_reach, lane: as in :func:`from_anchors`.
    """
    return from_anchors(
        frames,
        [key],
        given=given,
        tracked=tracked,
        refresh=False,
        reach=reach,
        pointer_reach=pointer_reach,
        lane=lane,
    )
