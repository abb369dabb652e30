"""Keyframes, the frames around them, and the relevance curve."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.systems.vrshq.tks import relevance, training_window, values


def test_ties_take_the_first_frame():
    scores = torch.tensor([0.0, 3.0, 3.0, 1.0])
    flat = torch.full((4,), 0.25)
    for by in ("both", "score"):
        assert int(values(scores, flat, by).argmax()) == 1
    assert int(values(scores, flat, "similarity").argmax()) == 0
    assert training_window(flat).key == 0


def test_score_and_similarity_are_added_as_shares():
    scores, shares = torch.tensor([0.0, 0.1]), torch.tensor([0.6, 0.4])
    torch.testing.assert_close(values(scores, shares), scores.softmax(0) + shares)
    assert int(values(scores, shares).argmax()) == 0
    assert int(values(scores, shares, "score").argmax()) == 1


def test_a_frame_that_is_named_needs_no_look():
    scores, shares = torch.tensor([9.0, 0.0, 0.0]), torch.tensor([0.1, 0.1, 0.8])
    assert values(scores, shares, "middle", 1).tolist() == [0, 1, 0]
    assert values(scores, shares, "first", 1).tolist() == [1, 0, 0]


@given(st.integers(1, 20), st.integers(0, 19), st.integers(1, 5))
def test_the_window_lies_inside_the_clip_with_the_key_in_its_middle(length, key, size):
    key %= length
    shares = torch.zeros(length)
    shares[key] = 1
    window = training_window(shares, size)
    assert window.key == key and key in window.frames
    assert len(window.frames) == min(size, length)
    assert window.frames[0] >= 0 and window.frames[-1] < length
    if size % 2 and size // 2 <= key < length - size // 2:
        assert window.frames[size // 2] == key


@pytest.mark.parametrize(
    ("key", "frames"), [(0, (0, 1, 2)), (1, (0, 1, 2)), (3, (2, 3, 4)), (5, (3, 4, 5))]
)
def test_windows_of_three(key, frames):
    shares = torch.zeros(6)
    shares[key] = 1
    assert training_window(shares).frames == frames


def test_the_curve_has_its_top_at_the_keyframe_and_no_holes():
    curve = relevance([0.2, 0.8, 0.4], [1, 3, 5], 8, 0.9)
    assert len(curve) == 8 and max(curve) == curve[3] == pytest.approx(0.9)
    assert curve[0] == curve[1] == pytest.approx(0.225)
    assert curve[4] == pytest.approx((curve[3] + curve[5]) / 2)
    assert curve[7] == curve[5] == pytest.approx(0.45)
    assert relevance([1.0], [0], 1, 0.3) == (pytest.approx(0.3),)


def test_exploring_takes_any_frame_at_the_given_rate():
    shares = torch.tensor([0.1, 0.7, 0.1, 0.1])
    torch.manual_seed(0)
    keys = [training_window(shares, explore=0.5).key for _ in range(200)]
    assert set(keys) == {0, 1, 2, 3}
    assert 90 < keys.count(1) < 160
    assert {training_window(shares).key for _ in range(9)} == {1}
