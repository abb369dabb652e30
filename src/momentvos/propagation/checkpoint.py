"""A checkpoint: where a run stands, kept now and then so that another process can go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from momentvos.propagation.bank import Bank
from momentvos.propagation.hook import Resumable, resumable
from momentvos.results.record import State


@dataclass(frozen=True)
class Checkpoint:
    """Keeps the state of something that goes on step by step, and has the one it starts from.

    Attributes:
        start: kept by an earlier process; None: begin anew.
        due: whether it is time to keep the state.
        keep: takes the state. All that was given out before belongs to it, nothing behind.
    """

    start: State | None
    due: Callable[[], bool]
    keep: Callable[[State], None]

    def within(self, name: str, start: State | None, around: Callable[[], State]) -> Checkpoint:
        """That of a part, whose state is kept by `name` in that of what is around it."""
        return Checkpoint(start, self.due, lambda state: self.keep(around().add(name, state)))


@dataclass
class RunState:
    """What a run has besides its plan: its bank, what its hooks know, and how far it has come.

    Attributes:
        stage: of the plan, the one that is next or at work.
        batches: of that stage that are done.
    """

    bank: Bank
    hooks: tuple[object | None, ...]
    stage: int = 0
    batches: int = 0

    @property
    def able(self) -> bool:
        """Whether all of it can be kept."""
        return all(map(resumable, self.hooks))

    def state(self) -> State:
        """All of it, to be kept."""
        kept = [one.state() if isinstance(one, Resumable) else None for one in self.hooks]
        made = State({"stage": self.stage, "batches": self.batches, "hooks": kept})
        return made.add("bank", self.bank.state())

    def restore(self, state: State, like: Tensor) -> None:
        """Be as it was kept, with tensors on the device of `like`."""
        values = state.values
        self.stage, self.batches = int(values["stage"]), int(values["batches"])
        self.bank.restore(state.part("bank"), like)
        for hook, kept in zip(self.hooks, values["hooks"], strict=True):
            if isinstance(hook, Resumable):
                hook.restore(kept)
