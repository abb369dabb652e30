"""Exponential moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Keeps a <- d a + (1 - d) w for the named parameters; d = min(decay, (1 + n) / (10 + n)).

    The rising d lets the first steps count less. n counts the updates.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {}
        self.restart(model)

    def restart(self, model: nn.Module) -> None:
        """Forget the past: the average is the weights of now."""
        self.updates = 0
        self.values = {
            name: parameter.detach().clone() for name, parameter in model.named_parameters()
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights after one optimiser step."""
        keep = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.values[name].lerp_(parameter.detach(), 1 - keep)

    @contextmanager
    def swapped(self, model: nn.Module) -> Iterator[None]:
        """Inside the block the model holds the averaged weights."""
        self._exchange(model)
        try:
            yield
        finally:
            self._exchange(model)

    @torch.no_grad()
    def _exchange(self, model: nn.Module) -> None:
        for name, parameter in model.named_parameters():
            held = parameter.detach().clone()
            parameter.copy_(self.values[name])
            self.values[name] = held
