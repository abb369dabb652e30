"""Frames at a stride that meets a given frame."""

from itertools import pairwise
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from momentvos.moment import Moment
from momentvos.systems.vrshq.sampling import aligned, nearest


@given(st.integers(1, 3000), st.integers(0, 2999), st.integers(1, 20))
def test_the_frame_is_among_few_at_one_distance(length, near, count):
    near %= length
    frames = aligned(length, near, count)
    assert near in frames and 1 <= len(frames) <= count
    assert frames[0] >= 0 and frames[-1] < length
    if count > 1:
        stride = ceil(length / (count - 1))
        assert {b - a for a, b in pairwise(frames)} <= {stride}
        assert frames[0] < stride and frames[-1] + stride >= length


def test_short_videos_are_sampled_whole():
    assert aligned(1, 0) == (0,)
    assert aligned(11, 4) == tuple(range(11))
    assert aligned(12, 5) == (1, 3, 5, 7, 9, 11)


def test_a_curve_counts_before_a_moment_and_a_moment_before_the_middle():
    moment = Moment([(0, 1), (10, 16), (20, 26)])
    assert nearest(30, moment, None) == 13
    assert nearest(30, moment, [0.1, 0.7, 0.7] + [0.0] * 27) == 1
    assert nearest(30, None, None) == 15
    assert nearest(30, Moment.empty(), None) == 15
    assert nearest(5, moment, None) == 0
