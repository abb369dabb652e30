"""Frames that agree on what is meant."""

import numpy as np
import pytest
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.selection.components import Piece, encode
from momentvos.selection.tracks import Consensus, Lane, elect
from momentvos.text import Number

SIDE = 32


def lane(votes, left=0, frames=10):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[4:12, left : left + 8] = True
    odds = {frame: float(np.log(vote / (1 - vote))) for frame, vote in enumerate(votes)}
    made = Lane([Piece(0, encode(mask), 64, 0.9)], odds=odds)
    made.masks = {frame: encode(mask) for frame in range(frames)}
    return made


def test_the_one_most_agreed_upon_wins():
    best, other = lane([0.9, 0.8, 0.2], 0), lane([0.6, 0.3, 0.1], 16)
    assert elect([other, best], 3, 0.5) == [best]
    assert elect([other, best], 3, 9.0) == [best, other]


def test_all_that_frames_believe_in_are_meant_however_far_behind():
    best, second, doubted = lane([0.99] * 3), lane([0.6] * 3, 10), lane([0.4] * 3, 20)
    assert elect([best, second, doubted], 3, 0.1) == [best, second]


def test_a_sentence_that_says_how_many_gets_so_many():
    best, second, doubted = lane([0.99] * 3), lane([0.6] * 3, 10), lane([0.1] * 3, 20)
    every = [doubted, second, best]
    assert elect(every, 3, 0.5, Number()) == [best, second]
    assert elect(every, 3, 0.5, Number(1, 1)) == [best]
    assert elect(every, 3, 0.5, Number(3, 3)) == [best, second, doubted]
    assert elect(every[:2], 3, 0.5, Number(2)) == [second, doubted]
    assert elect([], 3, 0.5, Number(2, 2)) == []


def test_a_thing_that_was_found_twice_counts_once():
    best, again = lane([0.9] * 3), lane([0.8] * 3, 1)
    assert best.same(again)
    assert elect([again, best], 3, 9.0) == [best]


def test_a_thing_that_few_frames_saw_is_meant_only_where_there_is_no_other():
    once, often = lane([0.99]), lane([0.4] * 10, 16)
    assert elect([once, often], 10, 0.5) == [often]
    assert elect([once, lane([], 16)], 10, 0.5) == [once]
    assert elect([lane([])], 10, 0.5) == elect([], 10, 0.5) == []


def test_what_a_lane_follows_already_is_recognised_by_its_pieces():
    def piece(frame, left):
        return Piece(frame, lane([], left).masks[0], 64, 0.9)

    one = lane([0.9] * 3, frames=4)
    assert one.shows([piece(1, 0), piece(3, 1)])
    assert not one.shows([piece(1, 16)])
    assert not one.shows([piece(1, 0), piece(8, 0)]), "it was not there then"


def test_one_frame_does_not_outvote_the_others():
    sure_once, likely = lane([0.99, 0.1, 0.1, 0.1]), lane([0.6] * 4, 16)
    assert elect([sure_once, likely], 4, 0.0)[0] is likely


def test_of_a_judge_frames_that_are_sure_count_for_more():
    now_and_then, doubtful = lane([0.9, 0.1, 0.1]), lane([0.35] * 3, 16)
    assert elect([now_and_then, doubtful], 3, 0.0)[0] is doubtful
    now_and_then.judged = doubtful.judged = True
    assert elect([now_and_then, doubtful], 3, 0.0)[0] is now_and_then
    assert doubtful.vote == pytest.approx(np.log(0.35 / 0.65))


@pytest.fixture(scope="module")
def mini():
    return momentvos.load("tgl-mini")


class Counting(FeatureCache):
    """How many frames were asked for."""

    asked = 0

    def __call__(self, frames):
        self.asked += len(frames)
        return super().__call__(frames)


def pointing(made, side):
    """Frames, labels, two things, and beliefs: three frames of four point at the first thing."""
    frames, ids = render(made, range(12), side)
    sizes = [(ids == k + 1).sum((1, 2)).min() for k in range(len(made.objects))]
    right, wrong = (int(k) + 1 for k in np.argsort(sizes)[::-1][:2])
    beliefs = {}
    for frame in range(2, 10):
        asked = ids[frame] == (wrong if frame % 4 == 3 else right)
        small = torch.from_numpy(asked).float()[None, None]
        small = torch.nn.functional.avg_pool2d(small, 4)[0, 0]
        beliefs[frame] = (small * 2 - 1) * 6
    return frames, ids, right, wrong, beliefs


def test_who_judges_things_outvotes_the_frames(mini):
    made, side = scene(3, "test"), mini.config.image_size
    frames, ids, _, wrong, beliefs = pointing(made, side)
    asked = []

    def judge(things, frames):
        assert list(frames) == list(range(2, 10))
        asked.extend(sorted(masks) for masks in things)
        return [
            {f: 2.0 if (ids[f][m] == wrong).mean() > 0.5 else -2.0 for f, m in masks.items()}
            for masks in things
        ]

    reader = FeatureCache(mini.sam, ArrayVideo(frames, made.fps), True)
    consensus = Consensus(mini.sam, reader, DecoderOptions(), 4, 0.5, 2, Number(1, 1), judge)
    with torch.inference_mode():
        answer = list(consensus(beliefs, range(12)))
    assert len(asked) == 2 and all(set(one) <= set(range(2, 10)) for one in asked)
    assert {one.odds for one in answer if one.frame in beliefs} == {2.0}
    assert {one.odds for one in answer if one.frame not in beliefs} == {None}
    shares = [np.mean(ids[one.frame][(one.logits > 0).numpy()] == wrong) for one in answer]
    assert np.mean(shares) > 0.7


@pytest.mark.parametrize("radius", [0, 2])
def test_a_frame_that_points_at_another_is_outvoted(mini, radius):
    """Three frames of four point at one of two things, the fourth at the other."""
    made, side = scene(3, "test"), mini.config.image_size
    frames, ids, right, wrong, beliefs = pointing(made, side)
    reader = Counting(mini.sam, ArrayVideo(frames, made.fps), True)
    consensus = Consensus(mini.sam, reader, DecoderOptions(), 4, 0.5, radius)
    with torch.inference_mode():
        answer = list(consensus(beliefs, range(12)))
    assert sorted(one.frame for one in answer) == list(range(12))
    assert reader.asked == 2 * 8 + 4, "each thing where frames vote, the right one elsewhere too"
    shares = []
    for one in answer:
        mask = (one.logits > 0).numpy()
        cell = 1 if radius else 4
        assert mask.shape == (side // cell, side // cell)
        inside = ids[one.frame][np.kron(mask, np.ones((cell, cell), bool))]
        shares.append((float(np.mean(inside == right)), float(np.mean(inside == wrong))))
    assert np.mean([share[0] for share in shares]) > 0.7
    assert np.mean([share[1] for share in shares]) < 0.1


def test_where_nothing_is_marked_nothing_is_meant(mini):
    frames, _ = render(scene(3, "test"), range(4), 128)
    consensus = Consensus(
        mini.sam, FeatureCache(mini.sam, ArrayVideo(frames, 8.0), True), DecoderOptions(), 4, 0.5
    )
    with torch.inference_mode():
        assert list(consensus({1: torch.full((48, 48), -5.0)}, range(4))) == []
