"""One step of a plan: a frame, what it reads from the memory bank and what it writes."""

from dataclasses import dataclass
from typing import Literal

Features = Literal["plain", "adapted"]
PromptKind = Literal["tokens", "points", "box", "mask"]
Write = Literal["recent", "conditioning"]


@dataclass(frozen=True)
class Read:
    """What a step takes from the bank.

    Attributes:
        frames: at most this many non-conditioning memories.
        order: ``previous`` takes the latest written frames before the step's own, ``next`` the
            first ones after it (a walk backwards), ``nearest`` the smallest distance in frames,
            the earlier one first on a tie.
        pointers: at most this many object pointers, chosen in the same order, conditioning ones
            first; 0 takes none, None all.
        conditioning: at most this many conditioning memories, nearest first; None takes all.
        slots: row of SAM2's temporal encoding for the k-th memory: ``rank`` gives k,
            ``distance`` gives the frame distance minus one, capped at the last usable row.
        reach: non-conditioning memories lie at most this many frames away; None: anywhere.
        pointer_reach: the same for their pointers.
        within: (first, last) frame that may be read at all, both included; None: every frame.
        passed: pointers of conditioning frames only where the walk has passed them (``order``
            says which way it goes), as SAM2 has it at inference.
        stride: above 1, SAM2's ``memory_temporal_stride``: the memories are those of the
            neighbouring frame and, beyond it, of every stride-th frame number of the video, where
            they have been written; `distance` then counts places in this row. Pointers are read as
            without it.

    Raises:
        ValueError: a negative number, or a stride of ``nearest`` memories.
    """

    frames: int = 6
    order: Literal["previous", "next", "nearest"] = "previous"
    pointers: int | None = 15
    conditioning: int | None = None
    slots: Literal["rank", "distance"] = "rank"
    reach: int | None = None
    pointer_reach: int | None = None
    within: tuple[int, int] | None = None
    passed: bool = False
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("frames", "pointers", "conditioning", "reach", "pointer_reach"):
            number: int | None = getattr(self, name)
            if number is not None and number < 0:
                raise ValueError(f"Read.{name} must not be negative, but is {number}")
        if self.stride < 1:
            raise ValueError(f"Read.stride must be 1 or more, but is {self.stride}")
        if self.stride > 1 and self.order == "nearest":
            raise ValueError('a stride needs a direction: Read.order "previous" or "next"')


@dataclass(frozen=True, slots=True)
class Step:
    """Segment one frame for one object (what one expression asks of one video, or one track).

    Attributes:
        frame: frame number, 0-based.
        features: ``plain`` is the untouched encoder, ``adapted`` the features adapted by
            language.
        prompt: decoder tokens of a sentence; points, with a box or without, or a box alone; a mask
            that is the frame's result; or None (memory alone says what to segment).
        read: None reads nothing: SAM2's "no memory" embedding is added instead.
        write: None leaves the bank as it is.
        obj_id: steps of different objects never see each other's memories.
        met: conditioning frames that the walk has reached since its last step, in order; for the
            plan's hook.
    """

    frame: int
    features: Features = "plain"
    prompt: PromptKind | None = None
    read: Read | None = None
    write: Write | None = None
    obj_id: int = 0
    met: tuple[int, ...] = ()
