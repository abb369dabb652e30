"""By how much one model's answers are better than another's to the same questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from momentvos.evaluation.scores import WorldScore, standard_error


@dataclass(frozen=True)
class Gain:
    """A difference of J&F and its standard error over videos; None for fewer than two."""

    value: float
    error: float | None


def gain(ours: Sequence[WorldScore], theirs: Sequence[WorldScore]) -> Gain | None:
    """The mean difference over expressions with a target that both were asked; None without any.

    Paired, so that videos which are hard for both add nothing to the error.

    Args:
        ours: scores with several seeds, of which each expression's mean counts.
        theirs: the same of what is compared with.
    """
    mine, other = _means(ours), _means(theirs)
    differences = [(one[0], mine[one] - other[one]) for one in mine if one in other]
    if not differences:
        return None
    return Gain(fmean(value for _, value in differences), standard_error(differences))


def _means(scores: Sequence[WorldScore]) -> dict[tuple[str, str], float]:
    """Mean J&F by video and expression."""
    values = defaultdict[tuple[str, str], list[float]](list)
    for score in scores:
        for one in score.targets:
            values[one.video, one.expression].append(one.jf)
    return {name: fmean(some) for name, some in values.items()}
