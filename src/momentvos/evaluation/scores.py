"""The metrics of a model on a set of expressions: one row per expression, and their means."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from momentvos.evaluation.moments import Presence, mean, presence

MEANS = ("jf", "j", "f", "inside", "outside", "top1", "tiou", "recall", "joint", "refused",
         "missed", "jf_all")  # fmt: skip
"""The metrics of a `WorldScore` that are means, 0..1."""


@dataclass(frozen=True)
class ExpressionScore:
    """One expression, scored over all frames of its video. Metrics are 0..1.

    target: whether the expression refers to anything. found: whether the model said so.
    inside, outside: mean J&F of the frames in M+ and in M-; None without target or such frames.
    top1, tiou: of the predicted moment; None without target or where none is predicted.
    presence: how sure the model was that there is anything to find; None where it does not say.
    extra: further metrics that a benchmark's protocol needs, by name.
    """

    video: str
    expression: str
    sentence: str
    kind: str
    target: bool
    found: bool
    j: float
    f: float
    inside: float | None = None
    outside: float | None = None
    top1: bool | None = None
    tiou: float | None = None
    presence: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def jf(self) -> float:
        return (self.j + self.f) / 2


@dataclass(frozen=True)
class WorldScore:
    """Means over expressions, 0..1, or None where nothing was asked that the figure is about.

    J, F and J&F are means over the expressions that have a target, as in MeViS; `jf_all` also
    counts the others, frame by frame 1 where nothing was segmented and else 0 (MeViS v2).
    frames: video frames answered, counted once per expression. seconds: the model's own time.
    """

    expressions: tuple[ExpressionScore, ...]
    expected: int
    frames: int = 0
    seconds: float = 0.0

    @property
    def scored(self) -> int:
        return len(self.expressions)

    @property
    def targets(self) -> tuple[ExpressionScore, ...]:
        """The expressions that refer to something."""
        return tuple(one for one in self.expressions if one.target)

    @property
    def j(self) -> float | None:
        return mean(one.j for one in self.targets)

    @property
    def f(self) -> float | None:
        return mean(one.f for one in self.targets)

    @property
    def jf(self) -> float | None:
        """J&F, the headline figure."""
        return mean(one.jf for one in self.targets)

    @property
    def jf_error(self) -> float | None:
        """Standard error of J&F over videos; None for fewer than two videos with a target."""
        return standard_error([(one.video, one.jf) for one in self.targets])

    @property
    def jf_all(self) -> float | None:
        return mean(one.jf for one in self.expressions)

    @property
    def inside(self) -> float | None:
        """J&F of the frames in M+."""
        return mean(one.inside for one in self.targets)

    @property
    def outside(self) -> float | None:
        """J&F of the frames in M-."""
        return mean(one.outside for one in self.targets)

    @property
    def top1(self) -> float | None:
        """Share of expressions whose most relevant frame lies in M+."""
        return mean(one.top1 for one in self.targets)

    @property
    def tiou(self) -> float | None:
        """Mean tIoU of the predicted moments; a refused expression has an empty one."""
        return mean(one.tiou for one in self.targets)

    @property
    def recall(self) -> float | None:
        """R1@0.5 of the moment: share of the tIoUs that reach 0.5."""
        return mean(None if one.tiou is None else float(one.tiou >= 0.5) for one in self.targets)

    @property
    def joint(self) -> float | None:
        """J&F of the expressions whose moment reaches tIoU 0.5; `recall` says how many they are."""
        return mean(one.jf for one in self.targets if one.tiou is not None and one.tiou >= 0.5)

    @property
    def presence(self) -> Presence:
        return presence(
            [one.target for one in self.expressions], [one.found for one in self.expressions]
        )

    @property
    def refused(self) -> float | None:
        """Share of the expressions without target that were answered "not found"."""
        return self.presence.no_target_accuracy

    @property
    def missed(self) -> float | None:
        """Share of the expressions with a target that were wrongly answered "not found"."""
        found = self.presence.target_accuracy
        return None if found is None else 1 - found

    @property
    def speed(self) -> float | None:
        """Frames answered per second; a frame counts once per expression."""
        return self.frames / self.seconds if self.frames and self.seconds > 0 else None

    def kinds(self) -> dict[str, WorldScore]:
        """The same metrics for each kind of expression."""
        names = sorted({one.kind for one in self.expressions})
        groups = {
            name: tuple(one for one in self.expressions if one.kind == name) for name in names
        }
        return {name: WorldScore(group, len(group)) for name, group in groups.items()}

    def summary(self) -> dict[str, Any]:
        """The means, by name."""
        return {name: getattr(self, name) for name in (*MEANS, "scored", "expected", "speed")}

    def to_json(self) -> dict[str, Any]:
        return {
            **self.summary(),
            "kinds": {name: part.summary() for name, part in self.kinds().items()},
            "expressions": [asdict(one) for one in self.expressions],
        }


def standard_error(values: Sequence[tuple[str, float]]) -> float | None:
    """Standard error over videos of a mean over expressions, which are not independent.

    That of a ratio of sums over videos, by linearisation (Cochran, Sampling Techniques, 1977,
    section 6.3); None for fewer than two videos.

    Args:
        values: of each expression its video and its value.
    """
    center, deviations = mean(value for _, value in values), defaultdict[str, float](float)
    for video, value in values:
        deviations[video] += value - (center or 0.0)
    videos = len(deviations)
    if videos < 2:
        return None
    squares = sum(value**2 for value in deviations.values())
    return math.sqrt(squares * videos / (videos - 1)) / len(values)


def join(parts: Iterable[WorldScore]) -> WorldScore:
    """One score of parts that hold different expressions (shards of a set)."""
    whole = WorldScore((), 0)
    for part in parts:
        whole = replace(
            whole,
            expressions=whole.expressions + part.expressions,
            expected=whole.expected + part.expected,
            frames=whole.frames + part.frames,
            seconds=whole.seconds + part.seconds,
        )
    return whole
