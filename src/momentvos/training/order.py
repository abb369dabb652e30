"""Order of the data: which numbered micro-batches a process takes at each optimiser step."""

from __future__ import annotations

from dataclasses import dataclass

from momentvos.errors import RecipeError
from momentvos.training.options import StageOptions


@dataclass(frozen=True)
class Order:
    """Step s learns from the micro-batches s * size .. (s + 1) * size - 1, by whichever process.

    A micro-batch's place in its step is its number modulo `size`. Places are dealt to the
    processes in turn, those of one machine being neighbours: process r takes r, r + processes, ...

    Attributes:
        size: micro-batches of a step over all processes, the global batch.
        beside: series of micro-batches side by side, for what differs between them (`together`,
            `precompute`). Place p belongs to series p modulo `beside`.
        rank, processes: the process at hand, and how many there are.
    """

    size: int
    beside: int
    rank: int = 0
    processes: int = 1

    @property
    def accumulate(self) -> int:
        """Micro-batches that a process sums over."""
        return self.size // self.processes

    @property
    def places(self) -> range:
        """Places of the process at hand."""
        return range(self.rank, self.size, self.processes)

    def numbers(self, done: int, steps: int) -> range:
        """Micro-batches of the process at hand, from step `done` up to `steps`."""
        return range(done * self.size + self.rank, steps * self.size, self.processes)


def order(stage: StageOptions, rank: int = 0, processes: int = 1) -> Order:
    """The order of a stage: of `micro_batches`, whose order no number of processes changes, or not.

    Raises RecipeError where the processes cannot share the micro-batches evenly.
    """
    if stage.micro_batches is None:
        return Order(stage.accumulate * processes, processes, rank, processes)
    if stage.accumulate != 1:
        raise RecipeError(
            f"The stage '{stage.name}' has both `micro_batches` and `accumulate`; the first, "
            "divided by the number of processes, gives the second."
        )
    if stage.micro_batches % processes:
        raise RecipeError(
            f"The stage '{stage.name}' has micro_batches: {stage.micro_batches}, which "
            f"{processes} processes cannot share evenly; start as many as divide it."
        )
    return Order(stage.micro_batches, stage.micro_batches, rank, processes)
