"""A training step's conversations in a system's templates."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Generic, Self, TypeVar

import torch
from torch import Tensor


@dataclass(frozen=True)
class BaseExample:
    """One conversation; a system adds visual inputs and targets."""

    turns: tuple[tuple[str, str], ...]
    """(question, answer) pairs; visual inputs stand before the first question."""

    def to(self, device: torch.device | str) -> Self:
        """The same with every tensor on `device`."""
        every: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        moved: dict[str, Any] = {
            name: one.to(device) for name, one in every.items() if isinstance(one, Tensor)
        }
        return replace(self, **moved)


E = TypeVar("E", bound=BaseExample)


@dataclass(frozen=True)
class Examples(Generic[E]):
    """A training step's conversations, of any kinds."""

    rows: tuple[E, ...]

    def to(self, device: torch.device | str) -> Examples[E]:
        """The same with every tensor on `device`."""
        return Examples(tuple(row.to(device) for row in self.rows))
