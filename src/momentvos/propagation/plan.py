"""A plan: stages of steps that do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from momentvos.propagation.hook import HookFactory, HooksByObject
from momentvos.propagation.step import Step

Stage = tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """Stages run one after the other; the steps of one stage may run as one batch.

    Attributes:
        stages: of steps.
        hook: makes the plan's hook, once per run; None: the steps are all there is.

    Raises:
        ValueError: a frame stands twice for the same object.
    """

    stages: tuple[Stage, ...]
    hook: HookFactory | None = None

    def __post_init__(self) -> None:
        seen: set[tuple[int, int]] = set()
        for step in self.steps():
            key = (step.obj_id, step.frame)
            if key in seen:
                raise ValueError(
                    f"frame {step.frame} of object {step.obj_id} stands twice in the plan"
                )
            seen.add(key)

    def steps(self) -> Iterator[Step]:
        """All steps, stage by stage."""
        for stage in self.stages:
            yield from stage

    def hooked(self, obj_id: int) -> bool:
        """Whether a hook may change what the bank holds of an object."""
        if isinstance(self.hook, HooksByObject):
            return obj_id in self.hook.plan_of
        return self.hook is not None

    def __len__(self) -> int:
        return sum(len(stage) for stage in self.stages)


def merge(plans: Iterable[Plan]) -> Plan:
    """Run several plans side by side: the k-th stages of all of them become one stage.

    The plans must differ in their objects, since objects do not depend on each other. Each keeps
    its hook, with its own state, for its own objects.
    """
    plans = list(plans)
    rows = zip_longest(*(plan.stages for plan in plans), fillvalue=())
    stages = tuple(tuple(step for stage in row for step in stage) for row in rows)
    factories: list[HookFactory] = []
    plan_of: dict[int, int] = {}
    for plan in plans:
        if plan.hook is not None:
            objects = {step.obj_id for step in plan.steps() if plan.hooked(step.obj_id)}
            plan_of |= dict.fromkeys(objects, len(factories))
            factories.append(plan.hook)
    return Plan(stages, HooksByObject(tuple(factories), plan_of) if factories else None)
