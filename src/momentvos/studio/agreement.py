"""How far annotators agree: tIoU per object, and Krippendorff's alpha over frames.

Source of alpha: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), nominal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations, pairwise

from momentvos.moment import Moment

Moments = Mapping[str, Moment]
"""Moments of an expression's objects, as one annotator has them; one that lacks is never."""


def tiou(first: Moments, second: Moments) -> dict[str, float]:
    """tIoU of each object that either has, 0..1; an object that only one has counts 0.

    Two that both say "never" agree: 1.
    """
    nothing = Moment.empty()
    made = {}
    for name in dict.fromkeys([*first, *second]):
        both = name in first and name in second
        one, other = first.get(name, nothing), second.get(name, nothing)
        made[name] = one.iou(other) if both else 0.0
    return made


def mean_tiou(annotators: Sequence[Moments]) -> float | None:
    """Mean over pairs of annotators and objects; None for fewer than two annotators.

    Two annotators who both name no object agree: 1.
    """
    means = []
    for first, second in combinations(annotators, 2):
        values = list(tiou(first, second).values())
        means.append(sum(values) / len(values) if values else 1.0)
    return sum(means) / len(means) if means else None


def alpha(units: Iterable[tuple[Mapping[Hashable, int], float]]) -> float | None:
    """Krippendorff's alpha for nominal values; 1: all agree, 0: as by chance.

    units: for each, how many annotators gave which value, and how often such a unit occurs. One
    with fewer than two values says nothing. None where no two values can be compared; 1 where all
    are one value.
    """
    coincidences: Counter[tuple[Hashable, Hashable]] = Counter()
    for counts, weight in units:
        total = sum(counts.values())
        if total < 2:
            continue
        for one, number in counts.items():
            for other, more in counts.items():
                pairs = number * (more - (one == other))
                coincidences[one, other] += weight * pairs / (total - 1)  # type: ignore[assignment]
    margins: Counter[Hashable] = Counter()
    for (one, _), pairs in coincidences.items():
        margins[one] += pairs
    total = sum(margins.values())
    if total <= 1:
        return None
    observed = sum(pairs for (one, other), pairs in coincidences.items() if one != other)
    expected = total * total - sum(number * number for number in margins.values())
    return 1.0 if expected == 0 else 1.0 - (total - 1) * observed / expected


def frame_units(
    annotators: Sequence[Moments], length: int
) -> Iterable[tuple[dict[Hashable, int], int]]:
    """Units of `alpha` for one expression: each frame of each object is in the moment, or not.

    Frames in a row about which the same number says the same come as one, with their number.
    """
    if len(annotators) < 2:
        return
    for name in dict.fromkeys(name for one in annotators for name in one):
        moments = [one.get(name, Moment.empty()) for one in annotators]
        edges = {0, length}
        for moment in moments:
            for start, end in moment.clip(length).spans:
                edges |= {start, end + 1}
        places = sorted(edges)
        for start, stop in pairwise(places):
            inside = sum(start in moment for moment in moments)
            yield {True: inside, False: len(moments) - inside}, stop - start
