"""Options of a grounder's training; they need no PyTorch, and so a recipe is checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from momentvos.data.options import STRICT


@dataclass(frozen=True)
class FitOptions:
    """AdamW with linear warm-up and half a cosine down to nothing.

    epochs: passes over the items, or steps: so many, whatever the items. items: of a step, whose
    gradients are averaged. clip: largest norm of the gradient. save: steps between two saves.
    bf16: compute in bfloat16 where the device can.
    """

    epochs: float = 1.0
    steps: int | None = None
    items: int = 8
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: int = 100
    clip: float = 1.0
    save: int = 200
    bf16: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
