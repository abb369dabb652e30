"""Running means of the losses."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from accelerate import Accelerator


class Meter:
    """Means of the losses since the last log line."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self._losses: dict[str, list[Tensor]] = {}
        self._start, self._count = monotonic(), 0

    def add(self, losses: dict[str, Tensor]) -> None:
        self._count += 1
        for name, value in losses.items():
            self._losses.setdefault(name, []).append(value.detach())

    def take(self, accelerator: Accelerator) -> dict[str, float]:
        """Each loss's mean over the batches of all processes that had it."""
        from accelerate.utils import gather_object

        sums = {name: (sum(map(float, all_)), len(all_)) for name, all_ in self._losses.items()}
        every = gather_object([sums]) if accelerator.num_processes > 1 else [sums]
        self.latest = {}
        for name in dict.fromkeys(name for one in every for name in one):
            parts = [one[name] for one in every if name in one]
            self.latest[name] = sum(total for total, _ in parts) / sum(count for _, count in parts)
        seconds = (monotonic() - self._start) / max(self._count, 1)
        self._losses, self._start, self._count = {}, monotonic(), 0
        return {**self.latest, "seconds": seconds}
