"""How much of a work of several stages is done, and how long the rest takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WEIGHTS = {"grounding": 0.016, "segmenting": 0.14, "drawing": 0.03}
"""Seconds a frame of 640 x 360 by the bundled models, one thread (`benchmarks/life.py`): what
stages to come cost beside each other, until some of their own kind has been timed."""
OTHER = 0.1
"""The same of a stage that is not listed."""


@dataclass
class _Stage:
    name: str
    total: int
    done: int = 0
    seconds: float = 0.0
    seen: bool = False
    before: int = 0
    """Units that were there when it began: of a run that is gone on with, or while the stage before
    was still at work. They say nothing of what one costs."""
    left: bool = field(default=False)
    """Whether another one has begun since."""

    @property
    def kind(self) -> str:
        """First word of the name: "segmenting" of "segmenting 2/3"."""
        return self.name.split(" ")[0]

    @property
    def timed(self) -> int:
        """Units that took its seconds."""
        return self.done - self.before


def expected(
    length: int, sentences: int, tracks: bool = False, grounder: bool = False, draws: bool = True
) -> list[tuple[str, int]]:
    """Stages of `run` with their units.

    length: frames of the video. tracks: whether objects are tracked before sentences are read.
    grounder: whether another grounder goes first. draws: whether anything is written.
    """
    numbers = [""] if sentences == 1 else [f" {row + 1}/{sentences}" for row in range(sentences)]
    first = ("reading", "detecting", "tracking") if tracks else ("grounding",)
    stages = [(name, length) for name in first]
    if tracks:
        stages += [(f"selecting{number}", 1) for number in numbers]
        stages = [("grounding", length)] * grounder + stages
    if tracks:
        stages += [(f"segmenting{number}", length) for number in numbers]
    else:  # sentences go through the video together
        stages.append(("segmenting", length))
    return stages + [(f"drawing{number}", length) for number in numbers] * draws


class TimeLeft:
    """Progress over all stages.

    Stages of the same kind are taken to cost the same a unit, those of other kinds as `WEIGHTS`
    has them beside each other. A stage that nobody expected is put in where it begins.

    Args:
        stages: names and units (frames) of the stages that are to come, in their order.
    """

    def __init__(self, stages: Sequence[tuple[str, int]] = ()) -> None:
        self._stages = [_Stage(name, total) for name, total in stages]
        self._now: _Stage | None = None
        self._began = self._share = 0.0

    def update(self, name: str, done: int, total: int, now: float) -> None:
        """Note that `done` of `total` units of a stage are there at the time `now`, in seconds."""
        if self._now is None or self._now.name != name:
            self._leave(now)
            self._now = self._enter(name, done, total)
            self._began = now - self._now.seconds  # one that is come back to goes on
        self._now.done, self._now.total = done, total
        self._now.seconds = now - self._began

    def left(self, now: float) -> float | None:
        """Seconds until all is done; None where nothing has been timed yet."""
        current = self._now
        if current is None:
            return None
        seconds = sum(self._cost(one) * (one.total - one.done) for one in self._stages if one.seen)
        if current.done:  # what has passed since the last report is done as well
            seconds -= now - self._began - current.seconds
        else:
            seconds -= now - self._began
        rest = sum(self._cost(one) * one.total for one in self._stages if not one.seen)
        timed = any(one.timed and one.seconds > 0 for one in self._stages)
        return max(seconds, 0.0) + rest if timed else None

    def share(self, now: float) -> float:
        """Part that is done, 0..1, also before this run; it never falls."""
        left = self.left(now)
        spent = sum(one.seconds for one in self._stages if one.left)
        spent += sum(self._cost(one) * one.before for one in self._stages if one.seen)
        if self._now is not None:
            spent += now - self._began
        if left is not None and spent + left > 0:
            self._share = max(self._share, min(spent / (spent + left), 1.0))
        return self._share

    def rate(self) -> float | None:
        """Units a second of the stage at hand, on average; None where there are none yet."""
        one = self._now
        if one is None or one.timed <= 0 or one.seconds <= 0:
            return None
        return one.timed / one.seconds

    @property
    def stage(self) -> tuple[str, int, int] | None:
        """Name, done and total of the stage at hand."""
        one = self._now
        return None if one is None else (one.name, one.done, one.total)

    def _leave(self, now: float) -> None:
        if self._now is not None:
            self._now.seconds, self._now.left = now - self._began, True
            self._now.done = self._now.total

    def _enter(self, name: str, done: int, total: int) -> _Stage:
        """The stage of that name; those before it which never came are dropped."""
        names = [one.name for one in self._stages]
        if name not in names:
            place = names.index(self._now.name) + 1 if self._now is not None else 0
            self._stages.insert(place, _Stage(name, total))
        place = [one.name for one in self._stages].index(name)
        self._stages = [one for k, one in enumerate(self._stages) if one.seen or k >= place]
        stage = next(one for one in self._stages if one.name == name)
        if not stage.seen:
            stage.before = done
        stage.seen, stage.left = True, False
        return stage

    def _cost(self, stage: _Stage) -> float:
        """Seconds a unit."""
        alike = [one for one in self._stages if one.kind == stage.kind and one.timed > 0]
        units = sum(one.timed for one in alike)
        if units and sum(one.seconds for one in alike) > 0:
            return sum(one.seconds for one in alike) / units
        timed = [one for one in self._stages if one.timed > 0 and one.seconds > 0]
        usual = sum(_weight(one) * one.timed for one in timed)
        scale = sum(one.seconds for one in timed) / usual if usual else 1.0
        return _weight(stage) * scale


def _weight(stage: _Stage) -> float:
    return WEIGHTS.get(stage.kind, OTHER)
