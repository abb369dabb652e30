"""The trained selector on tracks."""

from functools import partial

import numpy as np
import pytest
import torch

from momentvos.data.world import render
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.selection import SelectionConfig, Tracks, TrajectorySelector
from momentvos.selection.geometry import mask_geometry
from momentvos.selection.trajectory import noun_directions, similarity

SENTENCE = "the dog that jumps"


def selector(model, video, stride=1):
    cache = FeatureCache(model.sam, video, mode="pad")
    chosen = TrajectorySelector(model, cache, stride, window=16)
    return partial(chosen, SENTENCE)


@pytest.fixture(scope="module")
def model(build):
    return build(selection=SelectionConfig(selector=True))


@torch.inference_mode()
def test_only_frames_in_which_a_track_is_visible_are_scored(model, video, world):
    _, ids = render(world, range(12), 128)
    score = selector(model, video)
    one = {frame: ids[frame] == 1 for frame in (2, 3, 4, 9)}
    other = {frame: ids[frame] == 2 for frame in (2, 5)}
    first, second, none = score([one, other, {}], range(12))
    assert list(first) == [2, 3, 4, 9] and list(second) == [2, 5] and none == {}
    assert score([], range(12)) == [] and score([{}], range(12)) == [{}]
    alone = score([one], range(12))[0]
    assert any(alone[frame] != first[frame] for frame in one), "tracks depend on each other"
    cut = score([one], range(2, 10))[0]
    assert any(alone[frame] != cut[frame] for frame in one), "absence counts"


@torch.inference_mode()
def test_scores_are_those_of_training(model, video, world):
    """True masks of all frames give the network's logits of their geometry and similarities."""
    _, ids = render(world, range(12), 128)
    masks = torch.from_numpy(np.stack([ids == number + 1 for number in range(len(world.objects))]))
    cache = FeatureCache(model.sam, video, mode="pad")
    text, mask = model.encode_words([SENTENCE])
    top = cache(range(12)).top
    similar = similarity(noun_directions(model, SENTENCE), top, masks)
    tracks = Tracks(
        text, mask, torch.tensor([0]), mask_geometry(masks)[None].float(), similar[None]
    )
    expected = model.selector(tracks)[0]
    every = [{k: m.numpy() for k, m in enumerate(one) if m.any()} for one in masks]
    scores = selector(model, video)(every, range(12))
    for track, row, answer in zip(every, expected, scores, strict=True):
        assert answer == pytest.approx({k: float(row[k]) for k in track}, abs=1e-4)


@torch.inference_mode()
def test_frames_of_a_fast_video_are_scored_in_phases(model, world):
    frames, ids = render(world, range(12), 128)
    slow = selector(model, ArrayVideo(frames, world.fps))
    fast = selector(model, ArrayVideo(frames.repeat(2, 0), 2 * world.fps), stride=2)
    once = slow([{frame: ids[frame] == 1 for frame in range(12)}], range(12))[0]
    twice = fast([{frame: ids[frame // 2] == 1 for frame in range(24)}], range(24))[0]
    for frame in range(24):
        assert twice[frame] == pytest.approx(once[frame // 2], abs=1e-2)
    assert list(fast([{7: ids[3] == 1}], [7])[0]) == [7]


@torch.inference_mode()
def test_similarity_is_the_mean_cosine_inside_a_mask(model):
    directions = noun_directions(model, "the dog that follows the cat")
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(2))
    assert (noun_directions(model, SENTENCE)[1] == 0).all()
    top = torch.zeros(2, directions.shape[1], 4, 4)
    top[0, :, :, :2] = directions[0, :, None, None] * 3
    top[0, :, :, 2:] = -directions[0, :, None, None]
    masks = torch.zeros(3, 2, 64, 64, dtype=torch.bool)
    masks[0, 0, :, :32] = True
    masks[1, 0] = True
    similar = similarity(directions, top, masks)
    assert similar[0, 0] == pytest.approx(10.0, abs=1e-3)
    assert similar[1, 0] == pytest.approx(0.0, abs=1e-3)
    assert (similar[2] == 0).all()


def test_the_selector_narrows_the_moment(build, video, world):
    config = SelectionConfig(max_tracks=4, selector=True, presence_threshold=0.0)
    model = build(gate=False, selection=config)
    wide = Moment.all(len(video))
    given = model.segment(video, SENTENCE, moment="all")
    assert given.moment == wide and set(given.relevance) == {1.0}
    config = model.config.selection
    config.candidate_threshold, config.relevance_threshold = 0.0, 0.999999
    narrow = model.segment(video, SENTENCE)
    assert len(narrow.moment.frames()) < len(video)
    assert narrow.presence <= max(narrow.relevance)
    config.relevance_threshold = 0.0
    relevant = [
        frame for frame, one in enumerate(model.segment(video, SENTENCE).relevance) if one > 0
    ]
    assert model.segment(video, SENTENCE).moment == Moment.from_frames(relevant)
    config.presence_threshold = 1.0
    nothing = model.segment(video, SENTENCE)
    assert not nothing.found and not nothing.moment and not nothing.masklet.frames()


def test_the_grounder_has_a_share_in_when_and_not_in_who(build, video):
    config = SelectionConfig(max_tracks=4, selector=True, presence_threshold=0.0)
    config.candidate_threshold = 0.0
    model = build(gate=False, object_score=False, selection=config)
    answers = {}
    for share in (0.0, 0.25, 1.0):
        model.config.selection.grounder_share = share
        answers[share] = model.segment(video, SENTENCE)
        assert answers[share].masklet == answers[0.0].masklet
    curve, _ = model.ground(video, SENTENCE)
    assert answers[1.0].relevance == pytest.approx(curve, abs=1e-5)
    assert answers[0.0].relevance != pytest.approx(curve, abs=1e-3)
    selector, grounder = answers[0.0], answers[1.0]
    pairs = zip(selector.relevance, grounder.relevance, strict=True)
    assert answers[0.25].relevance == pytest.approx(
        [0.75 * a + 0.25 * b for a, b in pairs], abs=1e-5
    )
    mixed = 0.75 * selector.presence + 0.25 * grounder.presence
    assert answers[0.25].presence == pytest.approx(mixed, abs=1e-5)


def test_a_share_of_no_grounder_changes_nothing(build, video):
    config = SelectionConfig(max_tracks=2, selector=True, presence_threshold=0.0)
    model = build(gate=False, tam_layers=0, selection=config)
    alone = model.segment(video, SENTENCE)
    model.config.selection.grounder_share = 1.0
    assert model.segment(video, SENTENCE).relevance == alone.relevance


def test_without_a_grounder_every_frame_counts(build, video):
    model = build(
        presence_threshold=0.0, gate=False, tam_layers=0, selection=SelectionConfig(max_tracks=2)
    )
    assert model.segment(video, SENTENCE).moment == Moment.all(len(video))


@torch.inference_mode()
def test_long_videos_are_scored_window_by_window(build, world):
    frames, _ = render(world, [k % world.length for k in range(72)], 128)
    config = SelectionConfig(max_tracks=2, selector=True, presence_threshold=0.0)
    config.candidate_threshold = 0.0
    model = build(gate=False, selection=config)
    answer = model.segment(ArrayVideo(frames, world.fps), SENTENCE)
    assert len(answer.relevance) == 72 and np.isfinite(answer.relevance).all()
