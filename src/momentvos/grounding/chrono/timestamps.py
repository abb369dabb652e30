"""Timestamps as whole numbers in a language model's text."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from momentvos.grounding.chat.parse import pairs
from momentvos.moment import Moment

Unit = Literal["seconds", "frames"]


@dataclass(frozen=True)
class Timestamps:
    """Timestamps of the shown frames, and the moments that numbers in an answer mean.

    unit: "seconds", rounded, as Chrono does for films; or "frames", the place among the shown
    frames, for clips of a few seconds.
    shown: the frames that the model sees, ascending; times: second at which each frame of the
    video starts; duration: seconds of the video.
    """

    unit: Unit
    shown: Sequence[int]
    times: Sequence[float]
    duration: float

    @property
    def marks(self) -> list[int]:
        """Timestamp of each shown frame."""
        if self.unit == "frames":
            return list(range(len(self.shown)))
        return [_round(self.times[frame]) for frame in self.shown]

    @property
    def end(self) -> int:
        """Timestamp of the end of the video."""
        return len(self.shown) if self.unit == "frames" else _round(self.duration)

    def format(self, moment: Moment) -> str:
        """A moment as text: ``[[3, 7], [12, 15]]``, in this unit; ``[]`` where empty."""
        ends = [*self.times[1:], self.duration]
        if self.unit == "seconds":
            spans = [[_round(self.times[a]), _round(ends[b])] for a, b in moment.spans]
        else:
            spans = [self._places(a, b) for a, b in moment.spans]
        return str([list(pair) for pair in dict.fromkeys(map(tuple, spans))])

    def parse(self, answer: str) -> Moment | None:
        """The moment of an answer; None where it is no such list or lies outside the video."""
        spans = pairs(answer)
        last = self.end - (self.unit == "frames")
        if spans is None or not all(
            start.is_integer() and stop.is_integer() and stop <= last for start, stop in spans
        ):
            return None
        read = self._seconds if self.unit == "seconds" else self._frames
        moment = Moment.empty()
        for start, stop in spans:
            moment = moment | read(int(start), int(stop))
        return moment

    def _places(self, first: int, last: int) -> list[int]:
        """Places of the shown frames in a span, or of the one nearest to its middle."""
        inside = [place for place, frame in enumerate(self.shown) if first <= frame <= last]
        if inside:
            return [inside[0], inside[-1]]
        middle = (first + last) / 2
        nearest = min(range(len(self.shown)), key=lambda place: abs(self.shown[place] - middle))
        return [nearest, nearest]

    def _frames(self, first: int, last: int) -> Moment:
        """From half-way after the shown frame before, to half-way before the one that follows."""
        shown = self.shown
        start = 0 if first == 0 else (shown[first - 1] + shown[first]) // 2 + 1
        stop = len(self.times) - 1
        if last + 1 < len(shown):
            stop = (shown[last] + shown[last + 1]) // 2
        return Moment([(start, stop)])

    def _seconds(self, start: float, stop: float) -> Moment:
        """Frames on screen from `start` to `stop`; half a second about it where both are one."""
        if start == stop:
            start, stop = start - 0.5, stop + 0.5
        first = max(bisect_right(self.times, start) - 1, 0)
        last = max(bisect_right(self.times, math.nextafter(stop, -math.inf)) - 1, first)
        return Moment([(first, last)])


def _round(second: float) -> int:
    return math.floor(second + 0.5)
