"""Repair of time stamps that are missing, repeated, or go backward."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise


def repaired(stamps: Sequence[int | None], step: int, moment: int = 1) -> tuple[list[int], int]:
    """Strictly ascending stamps, and how many of them had to be moved.

    The longest ascending selection of the stamps stays as it is. A stamp that repeats the one
    before it moves by `moment`; others that do not fit are spread evenly between their neighbours.
    Where half the stamps do not fit, all frames are spread evenly.

    Args:
        stamps: stamps in display order; None where one is missing.
        step: usual distance of two stamps, for those without a neighbour on one side.
        moment: distance of two frames that share a stamp.
    """
    kept = _likeliest(stamps, _longest_ascending(stamps), step)
    known = [stamp for stamp in stamps if stamp is not None]
    if not known or (2 * len(kept) <= len(known) and len(known) > 2):
        first = known[0] if known else 0
        return [first + number * step for number in range(len(stamps))], len(stamps)
    values = {number: stamp for number in kept if (stamp := stamps[number]) is not None}
    result = [values.get(number, 0) for number in range(len(stamps))]
    head, tail = kept[0], kept[-1]
    for number in range(head):
        result[number] = result[head] - (head - number) * step
    for one, two in [*pairwise(kept), (tail, len(stamps))]:
        open_end = two == len(stamps)
        end = result[one] + (two - one) * step if open_end else result[two]
        _fill(result, stamps, one, two, end, moment)
    for number in range(1, len(result)):
        result[number] = max(result[number], result[number - 1] + 1)
    return result, len(stamps) - len(kept)


def _fill(
    result: list[int], stamps: Sequence[int | None], one: int, two: int, end: int, moment: int
) -> None:
    """Place the frames between `one` and `two`, which are at result[one] and `end`."""
    while one + 1 < two and stamps[one + 1] is not None and stamps[one + 1] == stamps[one]:
        result[one + 1] = result[one] + min(moment, max((end - result[one]) // (two - one), 0))
        one += 1
    for number in range(one + 1, two):
        result[number] = result[one] + (end - result[one]) * (number - one) // (two - one)


def _likeliest(stamps: Sequence[int | None], kept: list[int], step: int) -> list[int]:
    """The same selection, where one of those that exclude each other lies nearest to an even rate.

    Of frames that share a stamp the first is kept.
    """
    chosen = list(kept)
    for place in range(len(kept)):
        one = chosen[place - 1] if place else -1
        two = kept[place + 1] if place + 1 < len(kept) else len(stamps)
        if two - one == 2 or len(kept) == 1:
            continue
        low, high = stamps[one] if place else None, stamps[two] if two < len(stamps) else None
        fits: dict[int, int] = {}
        for number in range(one + 1, two):
            stamp = stamps[number]
            if (
                stamp is not None
                and (low is None or stamp > low)
                and (high is None or stamp < high)
            ):
                fits.setdefault(stamp, number)
        below = low if low is not None else (high or 0) - (two - one) * step
        above = high if high is not None else below + (two - one) * step
        slope = (above - below) / (two - one)
        off = {stamp: abs(stamp - below - slope * (number - one)) for stamp, number in fits.items()}
        chosen[place] = fits[min(off, key=off.__getitem__)]
    return chosen


def _longest_ascending(stamps: Sequence[int | None]) -> list[int]:
    """Numbers of the longest strictly ascending selection; of equal stamps the first."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = [-1] * len(stamps)
    for number, stamp in enumerate(stamps):
        if stamp is None:
            continue
        place = bisect_left(tails, stamp)
        if place < len(tails) and tails[place] == stamp:
            continue
        before[number] = ends[place - 1] if place else -1
        tails[place : place + 1], ends[place : place + 1] = [stamp], [number]
    chosen, number = [], ends[-1] if ends else -1
    while number >= 0:
        chosen.append(number)
        number = before[number]
    return chosen[::-1]
