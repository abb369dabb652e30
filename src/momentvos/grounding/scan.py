"""Sampling of frames, in blocks, so that memory does not grow with the video."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from momentvos.media.frame import Frame
from momentvos.moment import Moment


def grid(moment: Moment, stride: int = 1) -> list[int]:
    """Every `stride`-th frame of each span, beginning with its first."""
    return [frame for start, end in moment.spans for frame in range(start, end + 1, stride)]


def stride_for(fps: float, rate: float | None) -> int:
    """Frames from one to the next, so that at most about `rate` a second are looked at."""
    return 1 if rate is None else max(round(fps / rate), 1)


def evenly(frames: Sequence[int], count: int) -> list[int]:
    """`count` of the frames evenly from the first to the last; all where there are less."""
    if count >= len(frames):
        return list(frames)
    if count == 1:
        return [frames[len(frames) // 2]]
    last = len(frames) - 1
    return [frames[round(place * last / (count - 1))] for place in range(count)]


def windows(frames: Iterable[Frame], size: int, overlap: int = 0) -> Iterator[list[Frame]]:
    """Runs of `size` frames of which `overlap` are shared with the run before.

    The last run is as long as the others where frames overlap, and shorter where they do not or
    where there are fewer than `size` in all. Holds `size` frames.
    """
    held: deque[Frame] = deque(maxlen=size)
    fresh, wanted = 0, size
    for frame in frames:
        held.append(frame)
        fresh += 1
        if fresh == wanted:
            yield list(held)
            fresh, wanted = 0, size - overlap
    if fresh:
        yield list(held) if overlap else list(held)[-fresh:]


def fill(
    frames: Sequence[int], scores: Sequence[float], moment: Moment, length: int
) -> list[float]:
    """A curve over all `length` frames: the score of the nearest scored one, 0 outside `moment`.

    frames: ascending, those that `scores` are of; of two equally near the earlier counts.
    """
    curve = [0.0] * length
    place = 0
    for frame in moment.clip(length).frames() if frames else ():
        while place + 1 < len(frames) and frames[place + 1] - frame < frame - frames[place]:
            place += 1
        curve[frame] = scores[place]
    return curve
