"""The orders in which the papers walk through a video."""

from collections.abc import Sequence
from typing import Literal

from momentvos.moment import Moment
from momentvos.propagation.plan import Plan
from momentvos.propagation.step import Read, Step


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
    first = tuple((step(frame, previous if k else None),) for k, frame in enumerate(inside))
    rest = tuple(step(frame, nearest) for frame in frames if frame not in chosen)
    return Plan((*first, rest) if rest else first)
