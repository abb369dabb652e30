"""Options of the selector's losses; they need no PyTorch, and so a recipe is checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from momentvos.data.options import STRICT
from momentvos.ranges import Weight

Normal = tuple[float, float]
"""Mean and standard deviation of a normal distribution."""
POSITIVE_SIMILARITY, NEGATIVE_SIMILARITY = (2.6, 0.6), (-2.3, 2.1)
"""Distributions of `trajectory.similarity` of a track to a noun that fits and to one that does not:
about those of tgl-mini on MomentWorld val, as `benchmarks/limits.py` prints them."""


@dataclass(frozen=True)
class SelectorLossOptions:
    """Weights of the selector's losses, and the similarities that it is trained with.

    presence: weight of `presence` beside `track_relevance`. rank: weight of the softmax term
    inside `track_relevance`. positive_similarity, negative_similarity: mean and standard deviation
    of the image-text similarity of a track to a noun that fits and to one that does not
    (`benchmarks/limits.py` prints those of a model).
    """

    presence: Weight = 1.0
    rank: Weight = 0.5
    positive_similarity: Normal = POSITIVE_SIMILARITY
    negative_similarity: Normal = NEGATIVE_SIMILARITY

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
