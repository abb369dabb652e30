"""Which frames an adapter sees together."""

from collections.abc import Iterator, Sequence


def windows(frames: Sequence[int], size: int, stride: int = 1) -> Iterator[list[int]]:
    """Split ascending frame numbers into windows of at most `size` of them, in time order.

    With a stride the windows interleave, so that each keeps the rhythm of every `stride`-th
    frame while none is left out: 0 2 4 6, 1 3 5 7, 8 10 ... for size 4 and stride 2.
    """
    for start in range(0, len(frames), size * stride):
        block = frames[start : start + size * stride]
        for phase in range(min(stride, len(block))):
            yield list(block[phase::stride])


def stride_for(fps: float, rate: float | None) -> int:
    """Frames from one to the next in a window, for a model made for `rate` frames a second."""
    return 1 if rate is None else max(round(fps / rate), 1)
