"""When a sentence holds: a set of frames, kept as inclusive spans (M+ of a video)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from statistics import median as middle
from typing import Any, SupportsIndex

from momentvos.errors import MomentError
from momentvos.guard import takes
from momentvos.ranges import shown
from momentvos.timecode import EVERY, SpanText, spans

Span = tuple[int, int]
"""An inclusive, 0-based pair of frame numbers."""

MEDIAN = 3
"""Width of the median filter on relevance, in frames, where no configuration says otherwise."""

_SHOWN = 8
"""Spans that are shown."""


@dataclass(frozen=True)
class Moment:
    """A set of frames as sorted, disjoint, non-adjacent inclusive spans.

    Any list of spans may be given: overlapping and adjacent ones are joined.
    Raises MomentError when a span is not a pair of whole numbers with 0 <= start <= end.
    """

    spans: tuple[Span, ...]

    def __init__(self, spans: Iterable[Sequence[int]] = ()) -> None:
        object.__setattr__(self, "spans", _normalise(spans))

    @classmethod
    def empty(cls) -> Moment:
        return cls()

    @classmethod
    @takes("Moment.all(number of frames)")
    def all(cls, length: int) -> Moment:
        """Every frame of a video of `length` frames."""
        return cls([(0, length - 1)] if length > 0 else [])

    @classmethod
    @takes("Moment.from_frames([3, 4, 5])")
    def from_frames(cls, frames: Iterable[int]) -> Moment:
        return cls((frame, frame) for frame in frames)

    @classmethod
    @takes("Moment.from_flags([True, False])")
    def from_flags(cls, flags: Iterable[Any]) -> Moment:
        """From one truth value per frame."""
        return cls.from_frames(frame for frame, flag in enumerate(flags) if flag)

    @classmethod
    @takes("Moment.from_relevance([0.2, 0.9], threshold=0.5)")
    def from_relevance(
        cls, relevance: Sequence[float], threshold: float, median: int = MEDIAN
    ) -> Moment:
        """The frames whose median-filtered relevance exceeds the threshold, at least the best one.

        Args:
            relevance: 0..1 of each frame, at least one.
            threshold: 0..1.
            median: width of the filter in frames, odd; 1 filters nothing.
        """
        half = median // 2
        padded = [relevance[0]] * half + list(relevance) + [relevance[-1]] * half
        flags = [middle(padded[k : k + median]) > threshold for k in range(len(relevance))]
        if not any(flags):
            flags[max(range(len(relevance)), key=lambda frame: relevance[frame])] = True
        return cls.from_flags(flags)

    @classmethod
    @takes('Moment.parse("3s-5s", video.times)')
    def parse(cls, text: str, times: Sequence[float], fps: float | None = None) -> Moment:
        """Read "3.2s-5.0s" or "00:01-00:02" (times), "40:62" (frames, both included), "all", ...

        The frames on screen from the first time to the second. Several are joined by commas; all
        forms stand in :mod:`momentvos.timecode`.

        Args:
            text: what to read.
            times: start of each frame in seconds, ascending.
            fps: frames a second, of which timecodes (HH:MM:SS:FF) are made; None: their average.

        Raises:
            MomentError: it is malformed, can be read in two ways, or lies outside the video.
        """
        if fps is None and len(times) > 1:
            fps = (len(times) - 1) / (times[-1] - times[0])
        moment = cls()
        for span in spans(text, fps):
            moment = moment | _in_video(span, times)
        return moment

    def frames(self) -> list[int]:
        return [frame for start, end in self.spans for frame in range(start, end + 1)]

    @takes("flags(number of frames)")
    def flags(self, length: int) -> list[bool]:
        """One truth value for each of `length` frames; frames past the length are dropped."""
        flags = [False] * length
        for start, end in self.clip(length).spans:
            flags[start : end + 1] = [True] * (end + 1 - start)
        return flags

    def __contains__(self, frame: object) -> bool:
        if not isinstance(frame, SupportsIndex):
            return False
        frame = index(frame)
        place = bisect_right(self.spans, (frame, math.inf)) - 1
        return place >= 0 and frame <= self.spans[place][1]

    def __len__(self) -> int:
        """Number of frames."""
        return sum(end + 1 - start for start, end in self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    @takes("moment | moment")
    def __or__(self, other: Moment) -> Moment:
        return Moment(self.spans + other.spans)

    @takes("moment & moment")
    def __and__(self, other: Moment) -> Moment:
        spans, mine, theirs = [], 0, 0
        while mine < len(self.spans) and theirs < len(other.spans):
            (a, b), (c, d) = self.spans[mine], other.spans[theirs]
            if max(a, c) <= min(b, d):
                spans.append((max(a, c), min(b, d)))
            if b < d:
                mine += 1
            else:
                theirs += 1
        return Moment(spans)

    @takes("moment - moment")
    def __sub__(self, other: Moment) -> Moment:
        return self & other.complement(self.spans[-1][1] + 1) if self.spans else self

    @takes("complement(number of frames)")
    def complement(self, length: int) -> Moment:
        """The other frames (M-) of a video of `length` frames."""
        spans, free = [], 0
        for start, end in self.clip(length).spans:
            if start > free:
                spans.append((free, start - 1))
            free = end + 1
        if free < length:
            spans.append((free, length - 1))
        return Moment(spans)

    @takes("clip(number of frames)")
    def clip(self, length: int) -> Moment:
        """Without what lies at or past frame `length`."""
        return Moment((start, min(end, length - 1)) for start, end in self.spans if start < length)

    @takes("iou(another Moment)")
    def iou(self, other: Moment) -> float:
        """Frames in both over frames in either (tIoU); two empty moments agree: 1.0."""
        union = len(self | other)
        return len(self & other) / union if union else 1.0

    @takes("seconds(video.times, video.durations)")
    def seconds(
        self, times: Sequence[float], durations: Sequence[float] | None = None
    ) -> list[tuple[float, float]]:
        """Start of the first and end of the last frame of each span, in seconds.

        A frame ends where the next begins. The last one lasts `durations[-1]` or, without
        durations, as long as the one before it. Raises MomentError past the end of `times`.
        """
        if self.spans and self.spans[-1][1] >= len(times):
            raise MomentError(
                f"The moment reaches frame {self.spans[-1][1]}, but the video has {len(times)} "
                "frames; clip it first."
            )
        if durations is not None and len(durations) == len(times) and durations:
            last = durations[-1]
        else:
            last = times[-1] - times[-2] if len(times) > 1 else 0.0
        ends = [*times[1:], times[-1] + last] if len(times) else []
        return [(float(times[start]), float(ends[end])) for start, end in self.spans]

    def to_list(self) -> list[list[int]]:
        return [[start, end] for start, end in self.spans]

    def __repr__(self) -> str:
        if len(self.spans) <= _SHOWN:
            return f"Moment({self.to_list()})"
        first = ", ".join(map(str, self.to_list()[:_SHOWN]))
        return f"<Moment of {len(self)} frames in {len(self.spans)} spans: {first}, ...>"


def midpoints(frames: Sequence[int], k: int) -> list[int]:
    """k of the frames at equal distances: the middles of k equal parts. All where k is more."""
    if k >= len(frames):
        return list(frames)
    return [frames[(2 * part + 1) * len(frames) // (2 * k)] for part in range(k)]


def _normalise(spans: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    if not isinstance(spans, Iterable):
        raise MomentError(f"{shown(spans)} is not a list of spans [start, end].")
    checked = []
    for span in spans:
        try:
            start, end = (_whole(value) for value in span)
        except (TypeError, ValueError, OverflowError):
            raise MomentError(
                f"{shown(span)} is not a span; give a pair of whole frame numbers [start, end]."
            ) from None
        if not 0 <= start <= end:
            pair = shown([start, end])
            raise MomentError(f"The span {pair} is not in order; 0 <= start <= end.")
        checked.append((start, end))
    joined: list[Span] = []
    for start, end in sorted(checked):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value:
        raise ValueError(value)
    return int(value)


def _in_video(span: SpanText, times: Sequence[float]) -> Moment:
    length = len(times)
    if span.unit == EVERY:
        return Moment.all(length)
    if span.frames is None:
        return _at_times(span, times)
    start, end = span.frames
    if start > end:
        raise MomentError(f"The moment '{span.text}' ends before it starts.")
    if end >= length:
        raise MomentError(
            f"The moment '{span.text}' lies outside the video, whose frames are 0 to {length - 1}."
        )
    return Moment([span.frames])


def _at_times(span: SpanText, times: Sequence[float]) -> Moment:
    """Frames on screen from `start` up to, without, `end`."""
    ((first, close),) = Moment.all(len(times)).seconds(times) or [(0.0, 0.0)]
    start = first if span.start is None else span.start
    end = max(close, start) if span.end is None else span.end
    slack = 0.0005 + (close - first) / max(len(times), 1)
    if start > max(close, first + slack) - 1e-6 or end <= first or end > close + slack:
        frames = f"; frames are written as {span.text.replace('-', ':')}" if span.bare else ""
        raise MomentError(
            f"The moment '{span.text}' ({span.unit}) lies outside the video, which runs from "
            f"{first:.2f} s to {close:.2f} s{frames}."
        )
    if start >= end and span.end is not None:
        raise MomentError(f"The moment '{span.text}' ends before it starts.")
    shown = max(bisect_right(times, start + span.slack) - 1, 0)
    return Moment([(shown, max(bisect_left(times, end - span.slack) - 1, shown))])
