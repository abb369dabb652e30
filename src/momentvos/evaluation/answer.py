"""One answer of anyone's, as a line of JSON holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from momentvos.data.formats.entry import BrokenEntry, Entry
from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError
from momentvos.masklet import Masklet
from momentvos.moment import Moment

KEYS = ("video", "expression", "sentence", "found", "presence", "moment", "relevance", "windows",
        "masks", "tracks", "boxes")  # fmt: skip
Window = tuple[float, float, float]


@dataclass(frozen=True)
class Told:
    """An answer about one sentence; parts that it does not have are empty, or None.

    windows: start, end in seconds and a score, best first. tracks, scores: one of each instance.
    boxes: left, top, right, bottom by frame.
    """

    found: bool
    masklet: Masklet
    moment: Moment
    relevance: tuple[float, ...] = ()
    presence: float | None = None
    windows: Sequence[Window] | None = None
    tracks: tuple[Masklet, ...] | None = None
    scores: tuple[float, ...] = ()
    boxes: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


def read_answer(entry: Entry, sample: Sample) -> Told | Masklet:
    """The answer to a sample; masks alone where nothing else is said.

    Raises BrokenEntry, or another MomentVOSError, for what is no such answer.
    """
    given = {name: one for name, one in entry.items() if one.value is not None}
    if unknown := [name for name in given if name not in KEYS]:
        raise given[unknown[0]].broken(f"is not one of {', '.join(KEYS)}")
    try:
        return _read(given, sample)
    except BrokenEntry:
        raise
    except MomentVOSError as error:
        raise entry.broken(f"is no answer: {str(error).rstrip('.')}") from None


def _read(given: Mapping[str, Entry], sample: Sample) -> Told | Masklet:
    tracks = [
        (masklet(one["masks"], sample), one["score"].number() if one.get("score") else 1.0)
        for one in (given["tracks"].each() if "tracks" in given else ())
    ]
    masks = masklet(given["masks"], sample) if "masks" in given else union(sample, tracks)
    if not given.keys() & {
        "found",
        "presence",
        "moment",
        "relevance",
        "windows",
        "tracks",
        "boxes",
    }:
        return masks
    moment = _moment(given["moment"], sample.length) if "moment" in given else _shown(masks)
    windows = [_window(one) for one in given["windows"].each()] if "windows" in given else None
    curve = tuple(one.number() for one in given["relevance"].each()) if "relevance" in given else ()
    if curve and len(curve) != sample.length:
        raise given["relevance"].broken(f"has {len(curve)} values for {sample.length} frames")
    found = bool(masks or moment or windows)
    if "found" in given:
        if not isinstance(given["found"].value, bool):
            raise given["found"].broken("is neither true nor false")
        found = bool(given["found"].value)
    return Told(
        found,
        masks,
        moment,
        curve,
        given["presence"].number() if "presence" in given else None,
        windows,
        tuple(one for one, _ in tracks) if "tracks" in given else None,
        tuple(score for _, score in tracks),
        _boxes(given["boxes"], sample.length) if "boxes" in given else {},
    )


def masklet(entry: Entry, sample: Sample) -> Masklet:
    """Masks from a list with one RLE or null per frame. Raises PredictionError, BrokenEntry."""
    rows = entry.list()
    if len(rows) > sample.length:
        raise entry.broken(f"has {len(rows)} masks for {sample.length} frames")
    return Masklet.from_json(rows, sample.size)


def union(sample: Sample, tracks: Sequence[tuple[Masklet, Any]]) -> Masklet:
    """All tracks in one."""
    if not tracks:
        return Masklet(_size(sample))
    whole = Masklet(sample.size)
    for frame in sorted({frame for one, _ in tracks for frame in one.frames()}):
        whole.set(frame, sum((one.get(frame) for one, _ in tracks), start=tracks[0][0].get(frame)))
    return whole


def _size(sample: Sample) -> tuple[int, int]:
    """Of an answer without masks: what is read from a video file is not needed."""
    return (1, 1) if sample.path is not None and not sample.annotated else sample.size


def _moment(entry: Entry, length: int) -> Moment:
    """[[first, last], ...] in frames, from 0, both included. Raises BrokenEntry, MomentError."""
    return Moment([[one.whole() for one in pair.each()] for pair in entry.each()]).clip(length)


def _shown(masks: Masklet) -> Moment:
    return Moment.from_frames(masks.frames())


def _window(entry: Entry) -> Window:
    values = [one.number() for one in entry.each()]
    if len(values) not in (2, 3) or values[0] > values[1]:
        raise entry.broken("is no window [start, end] or [start, end, score]")
    return values[0], values[1], values[2] if len(values) == 3 else 1.0


def _boxes(entry: Entry, length: int) -> dict[int, tuple[float, ...]]:
    boxes: dict[int, tuple[float, ...]] = {}
    for name, one in entry.items():
        values = tuple(side.number() for side in one.each())
        if not name.isdecimal() or int(name) >= length or len(values) != 4:
            raise one.broken("is no box [left, top, right, bottom] of a frame of the video")
        boxes[int(name)] = values
    return boxes
