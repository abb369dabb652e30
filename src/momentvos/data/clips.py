"""Frame samplers of training clips: T frames of a video, and the segmented ones among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from momentvos.moment import Moment


def moment_aware(
    rng: np.random.Generator, length: int, moment: Moment, frames: int
) -> tuple[int, ...]:
    """Sample half of the clip from the moment, the rest from anywhere (TGL section 5.1 and A.3).

    Draws ceil(T/2) distinct frames of M+, then the rest distinct from all remaining frames
    (M+ or M-), and sorts. If M+ has fewer, all of it is taken and topped up; a video shorter
    than T repeats frames.
    """
    _check(length, frames)
    inside = moment.clip(length).frames()
    first = _pick(rng, inside, min((frames + 1) // 2, len(inside)))
    rest = sorted(set(range(length)) - set(first))
    chosen = first + _pick(rng, rest, min(frames - len(first), len(rest)))
    return _fill(rng, chosen, length, frames)


def global_random(
    rng: np.random.Generator, length: int, frames: int, centre: int | None = None
) -> tuple[int, ...]:
    """Sample SAMWISE's clip: a centre, a frame 1-3 before it, one 1-3 after it, T-3 random ones.

    Independent of the moment. Without `centre` it is drawn uniformly. Neighbours are clamped to the
    video; the T-3 others are distinct where the video has enough frames.
    """
    _check(length, frames)
    middle = int(rng.integers(length)) if centre is None else centre
    before = max(middle - int(rng.integers(1, 4)), 0)
    after = min(middle + int(rng.integers(1, 4)), length - 1)
    near = list(dict.fromkeys([middle, before, after]))[:frames]
    rest = sorted(set(range(length)) - set(near))
    chosen = near + _pick(rng, rest, min(frames - len(near), len(rest)))
    return _fill(rng, chosen, length, frames)


def window(
    rng: np.random.Generator,
    length: int,
    moments: Sequence[Moment],
    frames: int,
    stride: int = 1,
) -> tuple[int, ...]:
    """Sample T frames at a constant stride, one window for all expressions about a video.

    Not in the paper: the small model trains several expressions on one window, whose frames keep
    their true frame rate for the grounder. One of the non-empty `moments` is drawn, and the window
    placed so that it covers a random frame of it. The stride shrinks to fit the video; a video
    shorter than T repeats its last frame.
    """
    _check(length, frames)
    step = max(min(stride, (length - 1) // (frames - 1)) if frames > 1 else 1, 1)
    last = max(length - 1 - (frames - 1) * step, 0)
    inside = [clipped for moment in moments if (clipped := moment.clip(length))]
    if inside:
        anchor = int(rng.choice(inside[int(rng.integers(len(inside)))].frames()))
        start = anchor - int(rng.integers(frames)) * step
    else:
        start = int(rng.integers(last + 1))
    start = min(max(start, 0), last)
    return tuple(min(start + place * step, length - 1) for place in range(frames))


def segmented(
    rng: np.random.Generator,
    moment: np.ndarray,
    frames: int,
    inside: int | None = None,
    negatives: float = 0.0,
) -> np.ndarray:
    """Choose the frames of each query that are segmented and supervised with masks: bool [E, T].

    moment: bool [E, T]. A query gets up to `inside` (default `frames`) random frames of M+ and
    random frames of M- up to `frames` in all. A query without M+ in the clip gets `frames` random
    frames with probability `negatives` (these teach absence), else none.
    """
    chosen = np.zeros_like(moment, dtype=bool)
    for query, flags in enumerate(moment):
        positive, negative = np.flatnonzero(flags), np.flatnonzero(~flags)
        if not len(positive) and rng.random() >= negatives:
            continue
        limit = min(frames if inside is None else inside, frames, len(positive))
        chosen[query, rng.permutation(positive)[:limit]] = True
        chosen[query, rng.permutation(negative)[: frames - limit]] = True
    return chosen


def _pick(rng: np.random.Generator, frames: list[int], count: int) -> list[int]:
    return [int(frame) for frame in rng.permutation(frames)[:count]]


def _fill(rng: np.random.Generator, chosen: list[int], length: int, frames: int) -> tuple[int, ...]:
    missing = frames - len(chosen)
    repeats = [int(frame) for frame in rng.integers(length, size=missing)] if missing else []
    return tuple(sorted(chosen + repeats))


def _check(length: int, frames: int) -> None:
    if length < 1 or frames < 1:
        raise ValueError(f"a clip of {frames} frames from a video of {length} frames")
