"""Choosing frames by their scores."""

from hypothesis import given
from hypothesis import strategies as st

from momentvos.grounding.scan import evenly, fill, grid, windows
from momentvos.grounding.select import keyframes, rescale, top_k
from momentvos.media import Frame
from momentvos.moment import Moment, midpoints

scores = st.lists(st.floats(-5, 5), min_size=1, max_size=60)
counts = st.integers(1, 70)
moments = st.lists(st.booleans(), min_size=1, max_size=80).map(Moment.from_flags)


@given(scores, counts)
def test_top_k_are_the_highest_best_first_and_earlier_of_equals(values, k):
    chosen = top_k(values, k)
    assert len(set(chosen)) == len(chosen) == min(k, len(values))
    ranked = [(-values[place], place) for place in chosen]
    assert ranked == sorted(ranked)
    left = [values[place] for place in range(len(values)) if place not in chosen]
    assert not left or max(left) <= values[chosen[-1]]


@given(scores, st.integers(1, 70))
def test_more_frames_never_drop_one(values, k):
    assert set(top_k(values, k)) <= set(top_k(values, k + 1))


@given(st.integers(1, 200), counts)
def test_spread_frames_stand_in_k_equal_parts(length, k):
    chosen = midpoints(range(length), k)
    assert len(chosen) == min(k, length)
    assert chosen == sorted(set(chosen))
    if k <= length:
        for part, frame in enumerate(chosen):
            assert part * length // k <= frame < -(-(part + 1) * length // k)


@given(scores)
def test_rescaled_scores_keep_their_order_between_0_and_1(values):
    curve = rescale(values)
    assert max(curve) == 1 and min(curve) >= 0
    assert all(
        (a < b) <= (x <= y)
        for a, x in zip(values, curve, strict=True)
        for b, y in zip(values, curve, strict=True)
    )


@given(st.integers(1, 300), st.integers(1, 80))
def test_evenly_keeps_both_ends(length, count):
    chosen = evenly(range(length), count)
    assert chosen == sorted(set(chosen)) and len(chosen) == min(count, length)
    if count > 1:
        assert (chosen[0], chosen[-1]) == (0, length - 1)


@given(moments, st.integers(1, 9))
def test_grid_begins_every_span_anew(moment, stride):
    chosen = grid(moment, stride)
    assert not Moment.from_frames(chosen) - moment
    assert {start for start, _ in moment.spans} <= set(chosen)
    assert grid(moment) == moment.frames()


@given(moments, st.data())
def test_fill_gives_each_frame_its_nearest_score(moment, data):
    length = 80
    scored = grid(moment, data.draw(st.integers(1, 7)))
    values = [frame / 100 + 0.01 for frame in scored]
    curve = fill(scored, values, moment, length)
    for frame, value in enumerate(curve):
        nearest = min(scored, key=lambda one: (abs(one - frame), one), default=None)
        assert value == (nearest / 100 + 0.01 if frame in moment else 0.0)


@given(st.integers(0, 50), st.integers(1, 12), st.integers(0, 6))
def test_windows_hold_every_frame_in_runs_of_one_size(length, size, overlap):
    overlap = min(overlap, size - 1)
    frames = (Frame(index, index / 8, None) for index in range(length))
    runs = [[frame.index for frame in run] for run in windows(frames, size, overlap)]
    assert sorted(set().union(*runs)) == list(range(length))
    assert all(run == list(range(run[0], run[-1] + 1)) for run in runs)
    for run in runs[:-1]:
        assert len(run) == size
    if overlap and length >= size:
        assert len(runs[-1]) == size
    if not overlap:
        assert sum(map(len, runs)) == length


@given(moments, st.integers(1, 5))
def test_keyframes_lie_in_the_moment(moment, k):
    curve = [(frame * 37 % 11) / 10 for frame in range(80)]
    chosen = keyframes(curve, moment, k)
    assert set(chosen) <= set(moment.frames())
    assert len(chosen) == min(k, len(moment))
