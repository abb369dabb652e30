"""Assembly of a training clip from options: frames, segmented frames, supervision masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeVar

import numpy as np

from momentvos.data import clips
from momentvos.data.batch import Clip, NounObjects
from momentvos.data.options import ClipOptions
from momentvos.data.supervision import supervise
from momentvos.moment import Moment

T = TypeVar("T")


@dataclass(frozen=True)
class Query:
    """One expression about a clip: masks bool [O, T, H, W] and moments of its O targets.

    noun_objects: as in `ClipBatch`.
    """

    sentence: str
    masks: np.ndarray
    moments: tuple[Moment, ...]
    noun_objects: NounObjects = None


def weighted(
    rng: np.random.Generator, items: Sequence[T], weights: Sequence[float], count: int | None
) -> list[T]:
    """Draw `count` distinct items by weight, in their order; all where there are fewer, or None.

    Items of weight 0 are left out, unless all weigh 0: then all weigh the same.
    """
    usable = [place for place, weight in enumerate(weights) if weight > 0]
    shares = np.array([weights[place] for place in usable], dtype=float)
    if not usable:
        usable, shares = list(range(len(items))), np.ones(len(items))
    size = len(usable) if count is None else min(count, len(usable))
    chosen = rng.choice(usable, size=size, replace=False, p=shares / shares.sum())
    return [items[place] for place in sorted(chosen)]


def indices(
    rng: np.random.Generator,
    length: int,
    moments: Sequence[Moment],
    options: ClipOptions,
    centre: int | None = None,
) -> tuple[int, ...]:
    """Sample the frame numbers of a clip with several expressions, whose M+ are `moments`.

    The "moment" sampler uses one of the non-empty moments; `centre` is the "random" sampler's.
    """
    if options.sampler == "window":
        return clips.window(rng, length, moments, options.frames, options.stride)
    if options.sampler == "random":
        return clips.global_random(rng, length, options.frames, centre)
    inside = [moment for moment in moments if moment]
    leading = inside[int(rng.integers(len(inside)))] if inside else Moment.empty()
    return clips.moment_aware(rng, length, leading, options.frames)


def assemble(
    rng: np.random.Generator,
    frames: np.ndarray,
    chosen: tuple[int, ...],
    queries: Sequence[Query],
    options: ClipOptions,
    objects: np.ndarray | None = None,
) -> Clip:
    """Build the clip of `chosen` frames uint8 [T, H, W, 3], with Y_OSS and M+ of every query.

    objects: label map uint8 [T, H, W], from 1 on; by default made of the queries' targets.
    """
    if objects is None:
        objects = _numbered(queries)
    union = [reduce(or_, query.moments, Moment.empty()) for query in queries]
    moment = np.array([[index in one for index in chosen] for one in union], dtype=bool)
    most = options.frames if options.segment is None else options.segment
    return Clip(
        frames=frames,
        indices=chosen,
        sentences=tuple(query.sentence for query in queries),
        masks=np.stack(
            [supervise(query.masks, query.moments, chosen, options.oss) for query in queries]
        ),
        active=np.stack([_active(query, chosen) for query in queries]),
        objects=objects,
        moment=moment,
        segment=clips.segmented(rng, moment, most, options.inside, options.negatives),
        noun_objects=tuple(query.noun_objects for query in queries),
    )


def _numbered(queries: Sequence[Query]) -> np.ndarray:
    """Label map of the queries' targets, uint8 [T, H, W]; equal masks are one object."""
    known: list[np.ndarray] = []
    for mask in np.concatenate([query.masks for query in queries]):
        if len(known) < 255 and not any(np.array_equal(mask, other) for other in known):
            known.append(mask)
    numbers = np.zeros(queries[0].masks.shape[1:], dtype=np.uint8)
    for number, mask in enumerate(known, 1):
        numbers[mask & (numbers == 0)] = number
    return numbers


def _active(query: Query, chosen: tuple[int, ...]) -> np.ndarray:
    """Pixels of the targets, each in its own moment only, bool [T, H, W]."""
    flags = [[index in moment for index in chosen] for moment in query.moments]
    inside = np.array(flags, dtype=bool).reshape(len(flags), len(chosen), 1, 1)
    active: np.ndarray = (query.masks & inside).any(axis=0)
    return active
