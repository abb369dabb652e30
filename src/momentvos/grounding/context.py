"""What surrounds a grounder when it is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentvos.grounding.part import Part
from momentvos.grounding.protocol import Grounder
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video

Truth = Callable[["Video", Sequence[str]], Sequence[Moment]]
"""The annotated M+ of each sentence about a video."""


@dataclass(frozen=True)
class Context:
    """Device, model and annotation for a grounder.

    device: `auto`, `cpu`, `cuda`, ...
    model: makes the grounder of a part "model" or "model=NAME"; None where there is no model.
    truth: annotated moments for "oracle" without a file; None where there are none.
    """

    device: str = "auto"
    model: Callable[[Part], Grounder] | None = None
    truth: Truth | None = None
