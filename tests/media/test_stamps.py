from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.media.stamps import repaired

STEP, MOMENT = 125, 1


@pytest.mark.parametrize(
    ("stamps", "right", "moved"),
    [
        ([0, 125, 250], [0, 125, 250], 0),
        ([0, 1500, 2500, 2500, 3000], [0, 1500, 2500, 2501, 3000], 1),
        ([0, 0, 250, 375], [0, 1, 250, 375], 1),
        ([0, 125, 250, 250], [0, 125, 250, 251], 1),
        ([0, 125, 125, 125, 500], [0, 125, 126, 127, 500], 2),
        ([0, 125, 250, 100, 500], [0, 125, 250, 375, 500], 1),
        ([0, 125, 9000, 375, 500], [0, 125, 250, 375, 500], 1),
        ([9000, 125, 250, 375], [0, 125, 250, 375], 1),
        ([1000, 25, 1250, 1375], [1000, 1125, 1250, 1375], 1),
        ([0, 125, 250, 20], [0, 125, 250, 375], 1),
        ([None, 125, None, 375, None], [0, 125, 250, 375, 500], 3),
        ([0, 0, 0, 0], [0, 125, 250, 375], 4),
        ([None, None, None], [0, 125, 250], 3),
        ([10, 11, 11, 12, 500], [10, 11, 12, 13, 500], 1),
        ([], [], 0),
    ],
)
def test_only_what_does_not_fit_is_moved(stamps, right, moved):
    assert repaired(stamps, STEP, MOMENT) == (right, moved)


@given(st.lists(st.none() | st.integers(-500, 500), max_size=40), st.integers(1, 50))
def test_any_stamps_become_ascending(stamps, step):
    result, moved = repaired(stamps, step, 3)
    assert len(result) == len(stamps) >= moved
    assert all(two > one for one, two in pairwise(result))


@given(st.sets(st.integers(-500, 500), max_size=40), st.integers(1, 50))
def test_ascending_stamps_stay(stamps, step):
    assert repaired(sorted(stamps), step) == (sorted(stamps), 0)
