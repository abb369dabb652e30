"""A plan: stages of steps that do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from typing import Literal

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

    @property
    def digest(self) -> str:
        """A hash of the steps: their order, frames, objects, and what they read and write."""
        made = blake2b(digest_size=16)
        for stage in self.stages:
            made.update(f"{len(stage)}:".encode())
            for step in stage:
                said = (step.features, step.prompt, step.write, step.met, step.read)
                made.update(f"{step.frame},{step.obj_id},{said};".encode())
        return made.hexdigest()

    def __len__(self) -> int:
        return sum(len(stage) for stage in self.stages)


def merge(plans: Iterable[Plan]) -> Plan:
    """Run several plans side by side: the k-th stages of all of them become one stage.

    The plans must differ in their objects, since objects do not depend on each other. Each keeps
    its hook, with its own state, for its own objects.
    """
    plans = list(plans)
    rows = zip_longest(*(plan.stages for plan in plans), fillvalue=())
    return _joined(plans, (tuple(step for stage in row for step in stage) for row in rows))


def in_step(plans: Iterable[Plan]) -> Plan:
    """Run several plans side by side so that they go through the frames in step.

    As `merge`, but stages become one where they are about the same frame, wherever they stand in
    their plans: a plan is cut into runs of stages that go forwards, or backwards, or hold several
    frames, and runs of the same kind go together. So a frame that several objects are segmented in
    is asked for once in each direction, and objects that start elsewhere join on the way.
    """
    plans = list(plans)
    waiting = [_runs(plan.stages) for plan in plans]
    stages: list[Stage] = []
    while any(waiting):
        heads = [runs[0] for runs in waiting if runs]
        kind = min((run.kind for run in heads), key=_ORDER.index)
        together = [run for run in heads if run.kind == kind]
        waiting = [runs[1:] if runs and runs[0].kind == kind else runs for runs in waiting]
        stages += _aligned(kind, together)
    return _joined(plans, stages)


Kind = Literal["first", "forwards", "backwards", "last"]
_ORDER: tuple[Kind, ...] = ("first", "forwards", "backwards", "last")
"""Kinds of runs; stages of several frames come first where they are remembered, else last."""


@dataclass(frozen=True)
class _Run:
    kind: Kind
    stages: Sequence[Stage]


def _runs(stages: Sequence[Stage]) -> list[_Run]:
    """Stages, cut where the walk turns and around those of several frames."""
    runs: list[_Run] = []
    walk: list[Stage] = []

    def close() -> None:
        if walk:
            ascending = walk[0][0].frame <= walk[-1][0].frame
            runs.append(_Run("forwards" if ascending else "backwards", tuple(walk)))
            walk.clear()

    for stage in filter(None, stages):
        if len({step.frame for step in stage}) > 1:
            close()
            written = any(step.write for step in stage)
            runs.append(_Run("first" if written else "last", (stage,)))
            continue
        if len(walk) > 1 or (walk and walk[-1][0].frame == stage[0].frame):
            ascends = walk[0][0].frame < walk[-1][0].frame
            if ascends != (walk[-1][0].frame < stage[0].frame):
                close()
        walk.append(stage)
    close()
    return runs


def _aligned(kind: Kind, runs: Sequence[_Run]) -> Iterator[Stage]:
    """The stages of runs of one kind, by frame."""
    if kind in ("first", "last"):
        steps = [step for run in runs for stage in run.stages for step in stage]
        yield tuple(sorted(steps, key=lambda step: step.frame))
        return
    by_frame: dict[int, list[Step]] = {}
    for run in runs:
        for stage in run.stages:
            by_frame.setdefault(stage[0].frame, []).extend(stage)
    for frame in sorted(by_frame, reverse=kind == "backwards"):
        yield tuple(by_frame[frame])


def _joined(plans: Sequence[Plan], stages: Iterable[Stage]) -> Plan:
    """A plan of stages whose steps are those of other plans, with the hooks of these."""
    factories: list[HookFactory] = []
    plan_of: dict[int, int] = {}
    for plan in plans:
        if plan.hook is not None:
            objects = {step.obj_id for step in plan.steps() if plan.hooked(step.obj_id)}
            plan_of |= dict.fromkeys(objects, len(factories))
            factories.append(plan.hook)
    return Plan(tuple(stages), HooksByObject(tuple(factories), plan_of) if factories else None)
