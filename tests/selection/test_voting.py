"""Tracks that are elected."""

import numpy as np
import pytest

from momentvos.selection.components import Component, encode
from momentvos.selection.selector import MaskVote
from momentvos.selection.tracks import Track
from momentvos.selection.trajectory import TrajectorySelector
from momentvos.selection.voting import elect
from momentvos.text import Number

SIDE = 32
MEAN, ODDS = MaskVote(None), TrajectorySelector(None, None)


def track(votes, left=0, frames=10, pool=MEAN.pool):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[4:12, left : left + 8] = True
    odds = {frame: float(np.log(vote / (1 - vote))) for frame, vote in enumerate(votes)}
    made = Track([Component(0, encode(mask), 64, 0.9)])
    made.vote(odds, odds, pool)
    made.masks = {frame: encode(mask) for frame in range(frames)}
    return made


def test_the_track_with_the_largest_mean_vote_wins():
    best, other = track([0.9, 0.8, 0.2], 0), track([0.6, 0.3, 0.1], 16)
    assert elect([other, best], 3, 0.5) == [best]
    assert elect([other, best], 3, 9.0) == [best, other]


def test_every_track_of_positive_log_odds_is_meant_however_far_behind():
    best, second, doubted = track([0.99] * 3), track([0.6] * 3, 10), track([0.4] * 3, 20)
    assert elect([best, second, doubted], 3, 0.1) == [best, second]


def test_a_sentence_with_a_number_gets_so_many_tracks():
    best, second, doubted = track([0.99] * 3), track([0.6] * 3, 10), track([0.1] * 3, 20)
    every = [doubted, second, best]
    assert elect(every, 3, 0.5, Number()) == [best, second]
    assert elect(every, 3, 0.5, Number(1, 1)) == [best]
    assert elect(every, 3, 0.5, Number(3, 3)) == [best, second, doubted]
    assert elect(every[:2], 3, 0.5, Number(2)) == [second, doubted]
    assert elect([], 3, 0.5, Number(2, 2)) == []


def test_an_object_that_is_tracked_twice_counts_once():
    best, again = track([0.9] * 3), track([0.8] * 3, 1)
    assert best.same(again)
    assert elect([again, best], 3, 9.0) == [best]


def test_a_track_in_few_frames_is_meant_only_where_there_is_no_other():
    once, often = track([0.99]), track([0.4] * 10, 16)
    assert elect([once, often], 10, 0.5) == [often]
    assert elect([once, track([], 16)], 10, 0.5) == [once]
    assert elect([track([])], 10, 0.5) == elect([], 10, 0.5) == []


def test_a_track_covers_the_components_that_are_parts_of_it():
    def component(frame, left):
        return Component(frame, track([], left).masks[0], 64, 0.9)

    one = track([0.9] * 3, frames=4)
    assert one.covers([component(1, 0), component(3, 1)])
    assert not one.covers([component(1, 16)])
    assert not one.covers([component(1, 0), component(8, 0)]), "it was not there then"


def test_one_frame_does_not_outvote_the_others():
    sure_once, likely = track([0.99, 0.1, 0.1, 0.1]), track([0.6] * 4, 16)
    assert elect([sure_once, likely], 4, 0.0)[0] is likely


def test_of_a_trained_selector_frames_that_are_sure_count_for_more():
    now_and_then, doubtful = track([0.9, 0.1, 0.1]), track([0.35] * 3, 16)
    assert elect([now_and_then, doubtful], 3, 0.0)[0] is doubtful
    now_and_then, doubtful = (
        track([0.9, 0.1, 0.1], pool=ODDS.pool),
        track([0.35] * 3, 16, pool=ODDS.pool),
    )
    assert elect([now_and_then, doubtful], 3, 0.0)[0] is now_and_then
    assert doubtful.score == pytest.approx(np.log(0.35 / 0.65))
