"""Differences between answers to the same questions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.evaluation.gain import gain
from momentvos.evaluation.scores import ExpressionScore, WorldScore


def scored(values, target=True):
    """A score of videos, each with its expressions' J&F."""
    rows = [
        ExpressionScore(f"v{video}", str(number), "a dog", "motion", target, True, value, value)
        for video, some in enumerate(values)
        for number, value in enumerate(some)
    ]
    return WorldScore(tuple(rows), len(rows))


def test_videos_hard_for_both_add_nothing_to_the_error():
    easy = gain([scored([[0.9], [0.2], [0.5]])], [scored([[0.8], [0.1], [0.4]])])
    assert easy.value == pytest.approx(0.1) and easy.error == pytest.approx(0)
    uneven = gain([scored([[0.9], [0.2], [0.5]])], [scored([[0.8], [0.0], [0.5]])])
    assert uneven.error == pytest.approx(np.std([0.1, 0.2, 0.0], ddof=1) / np.sqrt(3))


def test_only_what_both_were_asked_counts():
    ours, theirs = scored([[0.9, 0.1], [0.5]]), scored([[0.4], [0.5, 1.0]])
    made = gain([ours], [theirs])
    assert made.value == pytest.approx(0.25)
    assert gain([ours], [scored([])]) is None
    assert gain([scored([[1.0]], target=False)], [scored([[1.0]], target=False)]) is None
    assert gain([scored([[1.0, 0.0]])], [scored([[0.0, 0.0]])]).error is None


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=3), min_size=2, max_size=5))
def test_seeds_count_by_their_mean(values):
    zero = scored([[0.0] * len(some) for some in values])
    assert gain([scored(values), zero], [zero]).value == pytest.approx(scored(values).jf / 2)
    assert gain([scored(values)], [zero]).error == pytest.approx(scored(values).jf_error)
    assert gain([zero], [scored(values)]).value == pytest.approx(-scored(values).jf)
