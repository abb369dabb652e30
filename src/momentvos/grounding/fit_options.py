"""Options of a grounder's training; they need no PyTorch, and so a recipe is checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from momentvos.data.options import STRICT
from momentvos.ranges import Count, Range, Some, Weight


@dataclass(frozen=True)
class FitOptions:
    """AdamW with linear warm-up and half a cosine down to nothing.

    epochs: passes over the items, or steps: so many, whatever the items. items: of a step, whose
    gradients are averaged. clip: largest norm of the gradient. save: steps between two saves.
    bf16: compute in bfloat16 where the device can.
    """

    epochs: Annotated[float, Range(0, 1e6, above=True)] = 1.0
    steps: Annotated[int, Range(1, 1_000_000_000)] | None = None
    items: Annotated[int, Range(1, 65536)] = 8
    lr: Annotated[float, Range(0, 1000)] = 1e-3
    weight_decay: Weight = 0.01
    warmup: Count = 100
    clip: Annotated[float, Range(0, 1e6, above=True)] = 1.0
    save: Some = 200
    bf16: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
