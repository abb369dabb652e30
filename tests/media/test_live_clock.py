"""Times of frames of which none after them is known."""

import itertools

import pytest

from momentvos.media.live_clock import LiveClock

TEN = list(range(0, 2000, 100))
"""Stamps of 20 frames at ten a second, in 1/1000 s."""


def times(stamps, leaps=False):
    clock = LiveClock(0.001, 0.1, leaps)
    return [clock.time(stamp) for stamp in stamps]


CASES = {
    "as they are": (TEN, [0.1 * n for n in range(20)]),
    "from another second": ([9000 + s for s in TEN], [0.1 * n for n in range(20)]),
    "one is missing": ([*TEN[:5], None, *TEN[6:]], [0.1 * n for n in range(20)]),
    "the first are missing": ([None, None, *TEN[2:]], [0.1 * n for n in range(20)]),
    "all are missing": ([None] * 20, [0.1 * n for n in range(20)]),
    "starts over": ([*TEN[:10], *TEN[:10]], [0.1 * n for n in range(20)]),
    "uneven behind a start": (
        [0, 100, 200, 0, 300, 310],
        [0, 0.1, 0.2, 0.3, 0.6, 0.61],
    ),
    "one twice": ([0, 100, 100, 110, 500], [0, 0.1, 0.101, 0.11, 0.5]),
    "one early": ([0, 500, 1000, 400, 2000, 2500], [0, 0.5, 1.0, 1.1, 2.0, 2.5]),
}


@pytest.mark.parametrize("case", CASES)
def test_times(case):
    stamps, expected = CASES[case]
    assert times(stamps) == pytest.approx(expected)


def test_a_leap_is_none_where_the_format_promises_no_clock():
    stamps = [0, 100, 3_600_000, 3_600_100]
    assert times(stamps) == pytest.approx([0, 0.1, 3600, 3600.1])
    assert times(stamps, leaps=True) == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("seed", range(20))
def test_any_stamps_become_ascending(seed):
    import random

    choose = random.Random(seed)
    stamps = [choose.choice([None, choose.randrange(-(2**33), 2**33), n]) for n in range(200)]
    result = times(stamps, leaps=seed % 2 == 0)
    assert all(two > one for one, two in itertools.pairwise(result))
