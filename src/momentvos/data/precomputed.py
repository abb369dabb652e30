"""What frozen parts make of a training batch, worked out once instead of at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Precomputed:
    """A batch without its frames: tensors by name, as a system's `precompute` makes them."""

    tensors: dict[str, torch.Tensor]

    def to(self, device: torch.device | str) -> Precomputed:
        """The same batch with every tensor on `device`."""
        return Precomputed({name: value.to(device) for name, value in self.tensors.items()})
