import numpy as np
import pytest

from momentvos.data.dense_clips import dense_scene
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.phrases import Phrase
from momentvos.data.stream import WorldClips
from momentvos.data.world import render
from momentvos.data.world.split import held_out


@pytest.fixture
def options():
    return DataOptions(videos=2, expressions=8, phrases=1.0, missing=0.5, dense=16, size=64)


def test_a_crowd_is_large_and_spread_evenly(options):
    made = dense_scene(np.random.default_rng(0), options, ClipOptions(sampler="random", frames=3))
    assert len(made.objects) == 16 and made.length == 3
    _, ids = render(made, range(3), 64)
    quarters = ids.reshape(3, 2, 32, 2, 32).transpose(0, 1, 3, 2, 4).reshape(12, -1)
    assert all(len(np.unique(quarter)) >= 4 for quarter in quarters)


def test_every_frame_has_its_own_arrangement(options):
    made = dense_scene(np.random.default_rng(1), options, ClipOptions(sampler="random", frames=2))
    first, second = (np.array([one.poses[t, :2] for one in made.objects]) for t in (0, 1))
    assert (np.abs(first - second).max(1) > 0.1).mean() > 0.5


def test_a_name_means_all_of_its_kind(options):
    made = dense_scene(np.random.default_rng(2), options, ClipOptions(sampler="random", frames=1))
    name = made.objects[0].category
    assert set(Phrase(name).answer(made)) == {
        number for number, one in enumerate(made.objects) if one.category == name
    }


def test_clips_of_crowds_ask_for_what_is_there_and_what_is_not(options):
    batch = WorldClips(options, ClipOptions(sampler="random", frames=2), 3).batch(0)
    assert batch.frames.shape == (2, 2, 3, 64, 64)
    there = batch.active.flatten(1).any(1).float().mean()
    assert 0.2 < there < 0.9
    again = WorldClips(options, ClipOptions(sampler="random", frames=2), 3).batch(0)
    assert again.sentences == batch.sentences and bool((again.frames == batch.frames).all())


def test_a_crowd_in_a_window_moves_as_objects_in_training_do(options):
    made = dense_scene(np.random.default_rng(3), options, ClipOptions(sampler="window", frames=16))
    assert made.length == 16
    assert sum(len(one.segments) for one in made.objects) >= len(made.objects)
    for one in made.objects:
        for segment in one.segments:
            assert not held_out(one.category, segment.verb)
            assert 0 <= segment.start <= segment.stop < 16
        still = np.abs(np.diff(one.poses[:, :2], axis=0)).max(1) < 0.02
        moving = np.zeros(16, bool)
        for segment in one.segments:
            moving[segment.start : segment.stop + 1] = True
        assert still[~moving[1:]].all()


def test_a_crowd_in_a_short_window_drifts_evenly(options):
    clip = ClipOptions(sampler="window", frames=4)
    scenes = [dense_scene(np.random.default_rng(seed), options, clip) for seed in range(12)]
    poses = np.array([one.poses for made in scenes for one in made.objects])
    steps = np.diff(poses, axis=1)
    assert poses.shape == (12 * 16, 4, 4) and (poses[..., 2] > 0).all()
    assert np.allclose(steps[:, :1, [0, 1, 3]], steps[:, 1:, [0, 1, 3]])
    place, size, angle = np.hypot(*steps[:, 0, :2].T), steps[:, 0, 2], np.abs(steps[:, 0, 3])
    ways = np.array([place, np.abs(size), angle]) > 0
    assert ways.sum(0).max() == 1 and (ways.mean(1) > 0.08).all() and 1 - ways.any(0).mean() > 0.1
    assert place[ways[0]].min() > 0.009 and place.max() < 0.081 and angle[ways[2]].min() >= 8
    assert (size < 0).any() and (size > 0).any()
