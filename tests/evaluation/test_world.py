"""MomentWorld scored with answerers whose metrics are known by construction."""

from types import SimpleNamespace

import numpy as np
import pytest

from momentvos.data.world import render, scene
from momentvos.evaluation.world import evaluate_category_rule, evaluate_world
from momentvos.masklet import Masklet
from momentvos.moment import Moment

SIZE, VIDEOS = 64, 3


class Stub:
    """Knows the scene behind a video; what it says of it is up to the subclass."""

    def __init__(self):
        self.calls = []

    def segment(self, video, sentence, moment=None):
        self.calls.append((str(video.path), len(sentence), moment))
        split, seed = str(video.path).split("_")[1:]
        made = scene(int(seed), split)
        _, ids = render(made, range(len(video)), video.size[0])
        known = {one.sentence: one for one in made.expressions}
        return [self.say(known[one], np.asarray(ids), len(video)) for one in sentence]

    def say(self, expression, ids, length):
        raise NotImplementedError


class Oracle(Stub):
    def say(self, expression, ids, length):
        objects = [number + 1 for number, _ in expression.targets]
        masklet = Masklet(ids.shape[1:])
        for frame in range(length):
            masklet.set(frame, np.isin(ids[frame], objects))
        moment = expression.moment
        return SimpleNamespace(
            found=bool(moment),
            masklet=masklet,
            moment=moment,
            relevance=tuple(map(float, moment.flags(length))),
            presence=0.75 if moment else 0.25,
        )


class Refuser(Oracle):
    """Sees everything and yet says "not found": a refusal must void masks and moment."""

    def say(self, expression, ids, length):
        said = super().say(expression, ids, length)
        said.found = False
        return said


class Eager(Stub):
    """Segments every pixel of every frame for whatever is asked."""

    def say(self, expression, ids, length):
        masklet = Masklet(ids.shape[1:])
        for frame in range(length):
            masklet.set(frame, np.ones(ids.shape[1:], dtype=bool))
        relevance = tuple(np.linspace(0, 1, length))
        moment = Moment.all(length)
        return SimpleNamespace(
            found=True, masklet=masklet, moment=moment, relevance=relevance, presence=1.0
        )


def measure(model, **options):
    return evaluate_world(model, videos=VIDEOS, size=SIZE, **options)


@pytest.fixture(scope="module")
def expressions():
    return [one for seed in range(VIDEOS) for one in scene(seed, "test").expressions]


def test_the_truth_scores_everything(expressions):
    score = measure(Oracle())
    assert score.scored == score.expected == len(expressions)
    assert score.jf == score.j == score.f == score.jf_all == 1
    assert score.inside == score.outside == score.top1 == score.tiou == 1
    assert score.refused == 1 and score.missed == 0
    assert {(one.target, one.presence) for one in score.expressions} == {
        (True, 0.75),
        (False, 0.25),
    }
    assert {row["presence"] for row in score.to_json()["expressions"]} == {0.75, 0.25}
    assert {kind.jf_all for kind in score.kinds().values()} == {1}


def test_refusing_everything_scores_no_target_expressions_only(expressions):
    score = measure(Refuser())
    shares = [float(not one.targets) for one in expressions]
    assert score.refused == 1 and score.missed == 1 and score.tiou == 0
    assert score.inside < 0.1 and score.jf < 0.5
    assert score.top1 == 1
    assert score.jf_all >= np.mean(shares)


def test_segmenting_all_pixels_scores_almost_nothing():
    score = measure(Eager())
    assert score.jf < 0.2 and score.refused == 0 and score.missed == 0
    assert 0 < score.tiou < 1


def test_each_video_is_given_once_with_all_its_expressions(expressions):
    model = Oracle()
    measure(model)
    assert [path for path, _, _ in model.calls] == [
        f"world_test_{seed:06d}" for seed in range(VIDEOS)
    ]
    assert sum(count for _, count, _ in model.calls) == len(expressions)


def test_true_moments_are_given_for_expressions_with_a_target(expressions):
    model = Oracle()
    score = measure(model, moments="oracle")
    assert score.jf == 1 and score.scored == score.expected
    assert score.expected == sum(bool(one.targets) for one in expressions)
    assert score.top1 is None and score.tiou is None and score.refused is None
    assert len(model.calls) == VIDEOS
    assert all(len(moment) == count and all(moment) for _, count, moment in model.calls)


def test_all_frames_are_given():
    model = Oracle()
    score = measure(model, moments="all")
    assert score.jf == 1 and score.top1 is None
    assert {moment for _, _, moment in model.calls} == {Moment.all(scene(0, "test").length)}


def test_the_category_rule_cannot_tell_when():
    score = evaluate_category_rule(videos=VIDEOS, size=SIZE)
    assert 0 < score.jf < 1 and score.top1 is None and score.speed is None
    assert score.missed == 0 and 0 < score.tiou < 1


def test_a_later_seed_gives_other_videos():
    first = evaluate_world(Oracle(), videos=2, size=SIZE)
    second = evaluate_world(Oracle(), videos=1, seed=1, size=SIZE)
    assert first.expressions[-second.scored :] == second.expressions


def test_progress_is_told_after_each_video():
    told = []
    measure(Oracle(), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
