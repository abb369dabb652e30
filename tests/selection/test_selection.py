"""Track selection window by window."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.selection.selection import TrackSelection, windows


@given(st.sets(st.integers(0, 299), min_size=1), st.integers(0, 99))
def test_every_frame_belongs_to_the_chosen_ones_that_are_nearest(chosen, rest):
    length = max(chosen) + 1 + rest
    parts = list(windows(sorted(chosen), length, 20))
    assert [frame for here, _ in parts for frame in here] == sorted(chosen)
    assert [frame for _, frames in parts for frame in frames] == list(range(length))
    for here, frames in parts:
        assert here[-1] - here[0] < 20
        for frame in frames:
            nearest = min(abs(frame - other) for other in chosen)
            assert min(abs(frame - other) for other in here) == nearest


def test_relevance_is_that_of_the_tracks_and_no_larger_elsewhere():
    selection = TrackSelection("the dog", None, None, None)
    assert selection.relevance([0.5, 0.2]) == [0.0, 0.0]
    selection.scores = {1: 0.0, 2: -math.inf, 3: -1000.0}
    found = selection.relevance([1.0, 1.0, 1.0, 1.0, 0.4])
    assert found[:2] == [0.5, 0.5] and found[4] == pytest.approx(0.2)
    assert found[2] == found[3] == pytest.approx(0.0, abs=1e-6)
