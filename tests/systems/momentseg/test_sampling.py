"""Moment-Centric Sampling against its description, for videos of 1 to 500 frames."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from momentvos.systems.momentseg.sampling import moment_centric
from momentvos.systems.sa2va.sampling import Anchors, first, uniform


@st.composite
def curves(draw):
    length = draw(st.integers(1, 500))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    start = draw(st.integers(0, length - 1))
    curve = rng.uniform(0, draw(st.sampled_from([0.0, 0.2, 0.5])), length)
    curve[start : start + draw(st.integers(0, 60))] = draw(st.floats(0, 1))
    return curve.tolist()


COUNTS = st.integers(1, 12)


def as_described(curve, count, kind):
    """The reference's pseudo-code, step by step; both sides are summed in `kind`."""
    p, length = np.array(curve), len(curve)
    if length < count:
        return list(range(length)), None
    sums = [p[s : s + 5].sum() for s in range(length - 4)]
    c = int(np.argmax(sums)) + 2 if length >= 5 else length // 2
    left, right = p[:c], p[c + 1 :]
    l_sum, r_sum = left.astype(kind).sum(), right.astype(kind).sum()
    before = round(float((count - 1) * (l_sum / (l_sum + r_sum))))

    def inverse(weights, n):
        if weights.sum() == 0:
            return list(np.linspace(0, len(weights) - 1, n, dtype=int))
        cdf = np.cumsum(weights / weights.sum())
        return [int(np.searchsorted(cdf, (i + 0.5) / n)) for i in range(n)]

    after = count - 1 - before
    frames = sorted(inverse(left, before) + [c] + [c + 1 + i for i in inverse(right, after)])
    if len(set(frames)) < len(frames):
        return list(np.linspace(0, length - 1, count, dtype=int)), None
    return frames, before


@given(curves(), COUNTS, st.booleans())
@example([0.5160735508112132] * 41, 11, False)  # 2 of 40 lie before: a tie but for rounding
@example([0.5160735508112132] * 41, 11, True)
def test_sampling_is_as_described(curve, count, precise):
    if len(curve) >= count and sum(curve) - max(curve) < 1e-9:
        return  # 0 / 0 in the description
    made = moment_centric(curve, count, precise=precise)
    frames, centre = as_described(curve, count, np.float64 if precise else np.float32)
    assert list(made.frames) == frames
    assert made.centre == centre


@given(curves(), COUNTS, st.booleans(), st.sampled_from([(1.0, 0.0), (2.0, 0.0), (1.0, 0.4)]))
def test_frames_ascend_once_each_within_the_video(curve, count, dedupe, shape):
    power, floor = shape
    options = {"dedupe": dedupe, "power": power, "floor": floor}
    made = moment_centric(curve, count, **options)
    assert list(made.frames) == sorted(set(made.frames))
    assert len(made.frames) == min(len(curve), count)
    assert made.frames[0] >= 0 and made.frames[-1] < len(curve)
    assert moment_centric(curve, count, **options) == made
    if made.centre is not None:
        assert 0 <= made.centre < len(made.frames)
    if dedupe and len(curve) >= count:
        assert made.centre is not None


@given(curves(), COUNTS)
def test_the_centre_is_the_middle_of_the_best_five_frames(curve, count):
    made = moment_centric(curve, count, dedupe=True)
    if made.centre is None or len(curve) < 5:
        return
    centre = made.frames[made.centre]
    sums = np.convolve(curve, np.ones(5), mode="valid")
    assert sums[centre - 2] == sums.max()


def test_a_moment_draws_frames_and_a_floor_draws_more():
    curve = [0.5] * 300
    curve[200:240] = [0.99] * 40
    inside = [
        sum(200 <= frame < 240 for frame in moment_centric(curve, 8, **options).frames)
        for options in ({}, {"power": 3.0}, {"floor": 0.5})
    ]
    assert inside[0] < inside[1] <= inside[2] == 8


def test_twice_the_same_frame_is_uniform_as_released_and_spread_with_the_guard():
    curve = [1e-9] * 40
    curve[20:23] = [1.0] * 3
    assert moment_centric(curve, 8) == uniform(40, 8)
    made = moment_centric(curve, 8, dedupe=True)
    assert made.frames[made.centre] in (20, 21, 22)
    assert max(made.frames) - min(made.frames) <= 10


def test_nothing_relevant_is_no_division_by_zero():
    made = moment_centric([0.0] * 50, 8)
    assert len(made.frames) == 8


@pytest.mark.parametrize("length", [1, 3, 5, 40])
def test_plainer_ways(length):
    assert first(length, 5) == Anchors(tuple(range(min(length, 5))), 0)
    spread = uniform(length, 5)
    assert spread.frames[0] == 0 and len(set(spread.frames)) == min(length, 5)
    assert length < 5 or spread.frames[-1] == length - 1


@pytest.mark.parametrize(
    ("length", "count", "released"), [(9, 3, (0, 2, 5)), (12, 4, None), (30, 8, None)]
)
def test_where_neither_side_has_more_32_bits_decide_as_released(length, count, released):
    """Constant curves: a quarter of what lies beside the centre lies before it."""
    curve = np.full(length, np.float32(0.104))
    made = moment_centric(curve.tolist(), count)
    left, right = curve[:2].sum(), curve[3:].sum()
    before = round(float((count - 1) * (left / (left + right))))
    assert made.centre == before or made == uniform(length, count)
    if released is not None:
        exact = moment_centric(curve.tolist(), count, precise=True)
        assert made.frames == released and exact.frames != released
