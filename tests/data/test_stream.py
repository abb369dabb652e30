import numpy as np
import pytest
import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips, masks_of, random_scene

WINDOW = ClipOptions(sampler="window", frames=8, segment=4, inside=3, negatives=0.5)


def same(one, other):
    assert one.sentences == other.sentences
    for name in ("frames", "indices", "video", "masks", "moment", "segment"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name


@pytest.fixture(scope="module")
def stream():
    return WorldClips(DataOptions(videos=2, expressions=3, size=32), WINDOW, seed=1)


def test_a_batch_of_windows(stream):
    batch = stream.batch(0)
    assert batch.frames.shape == (2, 8, 3, 32, 32)
    assert batch.masks.shape == (6, 8, 32, 32) and batch.video.tolist() == [0, 0, 0, 1, 1, 1]
    assert (batch.indices.diff(dim=1) == 1).all()
    assert (batch.segment.sum(1) <= 4).all()
    assert ((batch.segment & batch.moment).sum(1) <= 3).all()
    assert len(set(batch.sentences)) > 1


@pytest.mark.parametrize("phrases", [0.0, 1.0])
def test_clips_are_of_the_version_that_is_named(phrases):
    def last_frame(world):
        data = DataOptions(world=world, videos=4, size=32, phrases=phrases)
        return int(WorldClips(data, ClipOptions(sampler="random")).batch(0).indices.max())

    assert last_frame("v1") < 32 <= last_frame("v2")
    assert random_scene(np.random.default_rng(0), DataOptions(world="v2")).world == "v2"


def test_a_batch_depends_on_seed_and_number_alone(stream):
    again = WorldClips(stream.data, WINDOW, seed=1)
    same(again.batch(3), stream.batch(3))
    other = WorldClips(stream.data, WINDOW, seed=2).batch(3)
    assert not torch.equal(other.frames, stream.batch(3).frames)
    assert not torch.equal(stream.batch(4).frames, stream.batch(3).frames)


def test_masks_are_empty_exactly_where_no_target_shows_in_the_clip(stream):
    for number in range(4):
        batch = stream.batch(number)
        absent = ~batch.moment.any(1)
        assert not batch.masks[absent].any()
        assert batch.masks[~absent].flatten(1).any(1).all()


def test_a_pool_makes_epochs():
    data = DataOptions(videos=2, pool=5)
    assert WorldClips(data, WINDOW).length == 2
    assert WorldClips(DataOptions(), WINDOW).length is None


def test_labels_become_masks():
    ids = np.array([[[0, 1], [2, 2]]], dtype=np.uint8)
    masks = masks_of(ids, [1, 0])
    assert masks.tolist() == [[[[False, False], [True, True]]], [[[False, True], [False, False]]]]
    assert masks_of(ids, []).shape == (0, 1, 2, 2)


def test_active_pixels_are_those_of_objects_in_their_moment(stream):
    for number in range(4):
        batch = stream.batch(number)
        assert not (batch.active & ~batch.masks).any()
        assert not (batch.masks & (batch.objects[batch.video] == 0)).any()
        assert torch.equal(batch.active.flatten(2).any(2) & ~batch.moment, ~batch.moment & False)


def test_a_target_is_in_the_motion_that_its_sentence_names(stream):
    data = DataOptions(videos=2, expressions=None, size=32)
    named = 0
    for number in range(4):
        batch = WorldClips(data, ClipOptions(sampler="window", frames=32), seed=3).batch(number)
        assert len(batch.named_motions) == len(batch.sentences)
        for query, motions in enumerate(batch.named_motions):
            if len(motions) != 1 or not batch.moment[query].any():
                continue
            video = batch.video[query]
            meant = batch.objects[video][batch.masks[query]].unique().long() - 1
            done = batch.motions[video, meant][..., motions[0]]
            assert done.any(1).all()
            named += 1
    assert named > 8


def test_every_object_has_a_number(stream):
    batch = stream.batch(0)
    assert batch.objects.dtype == torch.uint8 and batch.objects.max() > 1
    for query, video in enumerate(batch.video.tolist()):
        meant = batch.objects[video][batch.masks[query]].unique()
        others = batch.objects[video][~batch.masks[query]].unique()
        assert not set(meant.tolist()) & set(others.tolist()), "a target is meant as a whole"


def test_things_are_objects_of_the_scene_without_a_sentence(stream):
    data = DataOptions(videos=2, expressions=3, size=64, objects=True)
    objects = WorldClips(data, ClipOptions(sampler="window", frames=8, oss=False), seed=1)
    for number in range(4):
        batch = objects.batch(number)
        assert set(batch.sentences) == {""} and batch.moment.all() and batch.segment.all()
        assert batch.masks.flatten(1).any(1).all(), "each is to be seen"
        for video in range(2):
            queries = batch.masks[batch.video == video].sum(0)
            assert queries.max() == 1, "no pixel belongs to two objects"
            assert not (queries.bool() & (batch.objects[video] == 0)).any()
    same(objects.batch(2), WorldClips(data, objects.clip, seed=1).batch(2))
