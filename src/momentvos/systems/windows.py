"""Windows of frames that an adapter reads together."""

from collections.abc import Iterator, Sequence


def blocks(frames: Sequence[int], size: int, stride: int = 1) -> Iterator[list[int]]:
    """Split ascending frame numbers into runs that hold `stride` windows of `size` frames each.

    A block is what is decoded and encoded at once; its windows are its `phases`.
    """
    for start in range(0, len(frames), size * stride):
        yield list(frames[start : start + size * stride])


def phases(block: Sequence[int], stride: int = 1) -> list[list[int]]:
    """The windows of a block: every `stride`-th frame, from each of the first `stride` ones.

    So each window keeps the rhythm that the model was made for, while no frame is left out:
    0 2 4 6 and 1 3 5 7 for a block of eight and stride 2.
    """
    return [list(block[phase::stride]) for phase in range(min(stride, len(block)))]


def stride_for(fps: float, rate: float | None) -> int:
    """Frames from one to the next in a window, for a model made for `rate` frames a second."""
    return 1 if rate is None else max(round(fps / rate), 1)
