"""Running means of the loss terms."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from accelerate import Accelerator


class Meter:
    """Means of the loss terms since the last log line."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self._terms: dict[str, list[Tensor]] = {}
        self._start, self._count = monotonic(), 0

    def add(self, terms: dict[str, Tensor]) -> None:
        self._count += 1
        for name, value in terms.items():
            self._terms.setdefault(name, []).append(value.detach())

    def take(self, accelerator: Accelerator) -> dict[str, float]:
        means = {name: torch.stack(values).mean() for name, values in self._terms.items()}
        if accelerator.num_processes > 1:
            means = accelerator.reduce(means, "mean")
        self.latest = {name: float(value) for name, value in means.items()}
        seconds = (monotonic() - self._start) / max(self._count, 1)
        self._terms, self._start, self._count = {}, monotonic(), 0
        return {**self.latest, "seconds": seconds}
