import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.data.conversation_source import (
    SampleSource,
    downscale,
    image_frames,
    sample_conversation,
)
from momentvos.data.conversations import DatasetConversations, WorldConversations, videos
from momentvos.data.options import ConversationOptions, DataOptions
from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError
from momentvos.moment import Moment

DATA = DataOptions(videos=2, expressions=3, size=32)
SEGMENT = ConversationOptions(images=3, context_frames=8)
GROUND = ConversationOptions(tasks={"ground": 1.0}, ground_frames=10)
ASK = ConversationOptions(tasks={"ask": 1.0}, context_frames=8)
TASKS = {"segment": SEGMENT, "ground": GROUND, "ask": ASK}


class Square(Sample):
    """A dark video with a bright square in frames 10 to 19, which moves down with the frame."""

    def frames(self, indices):
        return (self._squares(indices)[..., None] * 200).repeat(3, -1).astype(np.uint8)

    def masks(self, indices):
        assert self.annotated
        if not self.targets:
            return np.zeros((0, len(indices), *self.size), dtype=bool)
        return self._squares(indices)[None]

    def _squares(self, indices):
        made = np.zeros((len(indices), *self.size), dtype=bool)
        for place, index in enumerate(indices):
            if 10 <= index < 20:
                made[place, index : index + 8, 4:12] = True
        return made


@pytest.fixture
def sample():
    def make(sentence="the square", there=True, length=40, video="v", **facts):
        targets = (Target("1", Moment([(10, 19)])),) if there else ()
        return Square(video, sentence, sentence, "", length, (40, 60), 4.0, targets, **facts)

    return make


def same(one, other):
    for a, b in zip(one.rows, other.rows, strict=True):
        assert (a.sentences, a.turns) == (b.sentences, b.turns)
        for name in ("context", "images", "masks", "moments"):
            mine, theirs = getattr(a, name), getattr(b, name)
            assert (mine is None) == (theirs is None)
            assert mine is None or torch.equal(mine, theirs)


@pytest.mark.parametrize("task", TASKS)
def test_a_world_batch_depends_on_seed_and_number_alone(task):
    source = WorldConversations(DATA, TASKS[task], seed=1)
    same(source.batch(2), WorldConversations(DATA, TASKS[task], seed=1).batch(2))
    other = source.batch(3).rows[0]
    assert (other.sentences, other.turns) != (
        source.batch(2).rows[0].sentences,
        source.batch(2).rows[0].turns,
    )


def test_each_task_brings_what_it_needs():
    segment, ground, ask = (
        WorldConversations(DATA, TASKS[task]).batch(0).rows[0] for task in TASKS
    )
    count = len(segment.sentences)
    assert segment.context.shape == (8, 32, 32, 3) and segment.images.shape == (3, 32, 32, 3)
    assert segment.masks.shape == (count, 3, 32, 32) and segment.moments is None
    assert ground.context.shape == (10, 32, 32, 3) and ground.images is None
    assert ground.moments.shape == (len(ground.sentences), 10)
    assert ground.masks is None and ground.moments.any(1).all()
    assert ask.turns and ask.context.shape == (8, 32, 32, 3) and not ask.sentences


@pytest.mark.parametrize("dense", [0, 9])
def test_phrases_about_an_image_are_about_what_it_shows(dense):
    data = DataOptions(videos=4, expressions=6, size=64, phrases=1.0, missing=0.0, dense=dense)
    batch = WorldConversations(data, ConversationOptions(images=1, context_frames=0)).batch(0)
    for row in batch.rows:
        assert row.context is None and row.images.shape == (1, 64, 64, 3)
        assert row.masks.flatten(1).any(1).all()


@pytest.mark.parametrize(("world", "length"), [("v1", 32), ("v2", 96)])
def test_a_moving_crowd_can_be_asked_when(world, length):
    data = DataOptions(
        world=world, expressions=4, size=32, phrases=1.0, dense=5, kinds={"verb": 1.0}
    )
    row = WorldConversations(data, ConversationOptions(tasks={"ground": 1.0})).batch(0).rows[0]
    assert row.moments.shape[1] == len(row.context) == length


def test_the_frames_show_what_is_asked_for(sample):
    source = SampleSource((sample(), sample("nothing", there=False)), DataOptions(expressions=None))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        example = sample_conversation(rng, source, DataOptions(expressions=None, size=60), SEGMENT)
        shown = example.images.flatten(1).any(1)
        assert shown.any() and len(example.images) == 3
        assert torch.equal(example.masks[0].flatten(1).any(1), shown)
        assert example.sentences == ("the square", "nothing") and not example.masks[1].any()


def test_what_the_chosen_frames_do_not_show_is_not_asked(sample):
    """Neither taught as absent, since it is there, nor as there."""
    samples = (sample("nothing", there=False), sample())
    source = SampleSource(samples, DataOptions(expressions=None))
    blind = ConversationOptions(images=1, context_frames=0)
    seen = [
        sample_conversation(
            np.random.default_rng(seed), source, DataOptions(expressions=None), blind
        )
        for seed in range(30)
    ]
    for example in seen:
        bright = bool(example.images.any())
        assert ("the square" in example.sentences) == bright and "nothing" in example.sentences
    assert {len(example.sentences) for example in seen} == {1, 2}


def test_spread_holds_the_frames_together(sample):
    source = SampleSource((sample(),), DATA)
    near = ConversationOptions(images=5, context_frames=0, spread=2)
    for seed in range(10):
        example = sample_conversation(
            np.random.default_rng(seed), source, DataOptions(size=60), near
        )
        tops = [int(mask.any(1).nonzero()[0]) for mask in example.masks[0] if mask.any()]
        assert max(tops) - min(tops) <= 4


@settings(max_examples=25)
@given(length=st.integers(1, 60), count=st.integers(1, 12), seed=st.integers(0, 99))
def test_even_frames_come_one_of_each_part(length, count, seed):
    options = ConversationOptions(images=count, choose="even")
    chosen = image_frames(np.random.default_rng(seed), length, options, None)
    parts = len(chosen)
    assert parts == min(count, length)
    for part, place in enumerate(chosen):
        assert length * part // parts <= place < length * (part + 1) // parts


def test_grounding_thins_to_its_frames_a_second(sample):
    source = SampleSource((sample(annotated=False),), DATA)
    options = ConversationOptions(
        tasks={"ground": 1.0, "segment": 1.0}, ground_fps=1.0, context_size=30
    )
    example = sample_conversation(np.random.default_rng(0), source, DATA, options)
    assert example.context.shape == (10, 20, 30, 3)
    assert example.moments[0].tolist() == [False] * 3 + [True] * 2 + [False] * 5


def test_grounding_may_tell_where_too_but_only_while_it_holds(sample):
    source = SampleSource((sample(),), DATA)
    options = ConversationOptions(tasks={"ground": 1.0}, context_masks=True)
    example = sample_conversation(np.random.default_rng(0), source, DataOptions(size=60), options)
    assert example.context_masks.shape == (1, *example.context.shape[:3])
    assert torch.equal(example.context_masks.flatten(2).any(2), example.moments)
    bright = example.context[..., 0] > 150
    assert (example.context_masks[0] & ~bright).float().mean() < 0.01
    no_masks = SampleSource((sample(annotated=False),), DATA)
    assert (
        sample_conversation(np.random.default_rng(0), no_masks, DATA, options).context_masks is None
    )


def test_videos_come_in_a_new_order_each_epoch(sample):
    samples = [sample(video=f"v{n}", length=20 + n) for n in range(5)]
    data = DataOptions(videos=2, expressions=1, size=60)
    options = ConversationOptions(tasks={"ground": 1.0})
    source = DatasetConversations(videos(samples, data), data, options, seed=3)
    assert source.length == 3
    lengths = [len(row.context) for number in range(5) for row in source.batch(number).rows]
    assert sorted(lengths[:5]) == sorted(lengths[5:]) == [20, 21, 22, 23, 24]
    assert lengths[:5] != lengths[5:]
    again = DatasetConversations(videos(samples, data), data, options, seed=3)
    same(again.batch(4), source.batch(4))


def test_data_that_serve_no_task_are_named(sample):
    data = DataOptions(root="there")
    with pytest.raises(DataError, match="'there' holds nothing for the tasks segment"):
        DatasetConversations(videos([sample(annotated=False)], data), data, SEGMENT)


def test_shrinking_keeps_the_shape_of_the_picture():
    frames = np.full((2, 20, 40, 3), 90, dtype=np.uint8)
    masks = np.zeros((3, 2, 20, 40), dtype=bool)
    masks[..., 10:20, :] = True
    small = downscale(frames, 10)
    assert small.shape == (2, 5, 10, 3) and (small == 90).all()
    assert downscale(masks, 10).shape == (3, 2, 5, 10)
    assert downscale(masks, 10)[:, :, 3:].all() and not downscale(masks, 10)[:, :, :2].any()
    assert downscale(frames, 40) is frames
    assert downscale(masks[:0], 10).shape == (0, 2, 5, 10)
