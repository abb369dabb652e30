import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data import clips
from momentvos.moment import Moment

seeds = st.integers(0, 2**32 - 1)


@st.composite
def videos(draw):
    length = draw(st.integers(1, 40))
    flags = draw(st.lists(st.booleans(), min_size=length, max_size=length))
    return length, Moment.from_flags(flags)


def rng(seed):
    return np.random.default_rng(seed)


@given(videos(), st.integers(1, 12), seeds)
def test_moment_aware_clip(video, frames, seed):
    length, moment = video
    chosen = clips.moment_aware(rng(seed), length, moment, frames)
    assert len(chosen) == frames
    assert list(chosen) == sorted(chosen)
    assert chosen[0] >= 0 and chosen[-1] < length
    assert len(set(chosen)) == min(frames, length)
    inside = sum(frame in moment for frame in set(chosen))
    assert inside >= min((frames + 1) // 2, len(moment))
    assert chosen == clips.moment_aware(rng(seed), length, moment, frames)


def test_moment_aware_rest_may_be_of_either_kind():
    draws = [clips.moment_aware(rng(seed), 40, Moment([(0, 19)]), 8) for seed in range(60)]
    inside = {sum(frame < 20 for frame in chosen) for chosen in draws}
    assert min(inside) >= 4 and len(inside) > 2


@given(videos(), st.integers(1, 12), seeds)
def test_global_clip_ignores_the_moment(video, frames, seed):
    length, _ = video
    chosen = clips.global_random(rng(seed), length, frames)
    assert len(chosen) == frames
    assert list(chosen) == sorted(chosen)
    assert len(set(chosen)) == min(frames, length)
    assert set(chosen) <= set(range(length))


def test_global_clip_has_the_centre_and_its_neighbours():
    for seed in range(50):
        chosen = clips.global_random(rng(seed), 100, 8, centre=50)
        assert 50 in chosen
        assert {47, 48, 49} & set(chosen) and {51, 52, 53} & set(chosen)


@given(videos(), st.integers(1, 12), st.integers(1, 4), seeds)
def test_window_is_evenly_spaced_and_touches_a_moment(video, frames, stride, seed):
    length, moment = video
    chosen = clips.window(rng(seed), length, [moment, Moment.empty()], frames, stride)
    assert len(chosen) == frames
    assert chosen[0] >= 0 and chosen[-1] < length
    if length >= frames:
        steps = set(np.diff(chosen).tolist())
        assert len(steps) <= 1 and all(1 <= step <= stride for step in steps)
        if moment and steps <= {1}:
            assert set(chosen) & set(moment.frames())
    else:
        assert set(chosen) == set(range(length))


def test_window_reaches_every_place():
    starts = {clips.window(rng(seed), 12, [], 4)[0] for seed in range(200)}
    assert starts == set(range(9))


@given(
    st.lists(st.lists(st.booleans(), min_size=10, max_size=10), min_size=1, max_size=4),
    st.integers(1, 10),
    st.integers(1, 10),
    seeds,
)
def test_segmented_frames(flags, frames, inside, seed):
    moment = np.array(flags)
    chosen = clips.segmented(rng(seed), moment, frames, inside)
    for query, flag in enumerate(moment):
        positive, negative = int(flag.sum()), int((~flag).sum())
        if not positive:
            assert not chosen[query].any()
            continue
        expected = min(inside, frames, positive)
        assert (chosen[query] & flag).sum() == expected
        assert (chosen[query] & ~flag).sum() == min(frames - expected, negative)


def test_segmented_negatives_are_a_share_of_the_empty_lanes():
    empty = np.zeros((1, 10), dtype=bool)
    counts = [clips.segmented(rng(seed), empty, 4, negatives=0.25).sum() for seed in range(400)]
    assert set(counts) == {0, 4}
    assert 60 < counts.count(4) < 140


def test_a_clip_needs_a_frame_and_a_video():
    with pytest.raises(ValueError, match="0 frames"):
        clips.moment_aware(rng(0), 0, Moment.empty(), 4)
