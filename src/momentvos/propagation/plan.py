"""A plan: stages of steps that do not depend on each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from momentvos.propagation.step import Step

Stage = tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """Stages run one after the other; the steps of one stage may run as one batch."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        seen: set[tuple[int, int]] = set()
        for step in self.steps():
            key = (step.lane, step.frame)
            if key in seen:
                raise ValueError(f"frame {step.frame} of lane {step.lane} stands twice in the plan")
            seen.add(key)

    def steps(self) -> Iterator[Step]:
        """All steps, stage by stage."""
        for stage in self.stages:
            yield from stage

    def __len__(self) -> int:
        return sum(len(stage) for stage in self.stages)


def merge(plans: Iterable[Plan]) -> Plan:
    """Run several plans side by side: the k-th stages of all of them become one stage.

    The plans must differ in their lanes, since lanes do not depend on each other.
    """
    rows: Sequence[tuple[Stage, ...]] = list(
        zip_longest(*(plan.stages for plan in plans), fillvalue=())
    )
    return Plan(tuple(tuple(step for stage in row for step in stage) for row in rows))
