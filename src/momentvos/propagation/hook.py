"""A hook: what a plan adds to its own run, beyond its steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, runtime_checkable

import torch

from momentvos.propagation.bank import Bank
from momentvos.propagation.step import Step
from momentvos.sam2 import Decoded


@runtime_checkable
class Resumable(Protocol):
    """What has a state of its own in a run that may be stopped and gone on with."""

    def state(self) -> dict[str, Any]:
        """The state as plain values for JSON."""

    def restore(self, values: dict[str, Any]) -> None:
        """Take a state back. Raises ValueError, TypeError or KeyError for what is none."""


class StageHook(Protocol):
    """Called around every step of one run; it may clear entries of the bank, and keep state.

    A run with a hook that keeps state can be gone on with where the hook is `Resumable`.
    """

    def before(self, step: Step, bank: Bank) -> None:
        """Prepare the bank for a step, before any step of its stage reads."""

    def after(self, steps: Sequence[Step], decoded: Decoded) -> None:
        """Take note of decoded steps; `decoded` has one row per step."""


HookFactory = Callable[[], StageHook]
"""Makes a hook with fresh state, once per run."""


@dataclass(frozen=True)
class HooksByObject:
    """The hooks of merged plans: each sees the objects of its own plan.

    Attributes:
        factories: of the hooks.
        plan_of: index into `factories` by object; objects of plans without a hook are left out.
    """

    factories: tuple[HookFactory, ...]
    plan_of: Mapping[int, int]

    def __call__(self) -> StageHook:
        """Make all hooks, each with fresh state."""
        return _Routed([factory() for factory in self.factories], self.plan_of)


class _Routed:
    def __init__(self, hooks: Sequence[StageHook], plan_of: Mapping[int, int]) -> None:
        self._hooks, self._plan_of = hooks, plan_of

    def before(self, step: Step, bank: Bank) -> None:
        number = self._plan_of.get(step.obj_id)
        if number is not None:
            self._hooks[number].before(step, bank)

    def after(self, steps: Sequence[Step], decoded: Decoded) -> None:
        rows: dict[int, list[int]] = {}
        for row, step in enumerate(steps):
            if step.obj_id in self._plan_of:
                rows.setdefault(self._plan_of[step.obj_id], []).append(row)
        for number, own in rows.items():
            self._hooks[number].after([steps[row] for row in own], _rows(decoded, own))

    def state(self) -> dict[str, Any]:
        kept = [hook.state() if isinstance(hook, Resumable) else None for hook in self._hooks]
        return {"hooks": kept}

    def restore(self, values: dict[str, Any]) -> None:
        for hook, kept in zip(self._hooks, values["hooks"], strict=True):
            if isinstance(hook, Resumable):
                hook.restore(kept)

    @property
    def hooks(self) -> Sequence[StageHook]:
        return self._hooks


def resumable(hook: object | None) -> bool:
    """Whether a run with this hook can be gone on with."""
    if isinstance(hook, _Routed):
        return all(isinstance(one, Resumable) for one in hook.hooks)
    return hook is None or isinstance(hook, Resumable)


def _rows(decoded: Decoded, rows: Sequence[int]) -> Decoded:
    if len(rows) == len(decoded.score):
        return decoded
    index = torch.tensor(rows, device=decoded.score.device)
    parts = {field.name: getattr(decoded, field.name) for field in fields(decoded)}
    return replace(
        decoded, **{name: part[index] for name, part in parts.items() if part is not None}
    )
