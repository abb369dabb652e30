import numpy as np
import pytest
import torch

from momentvos.data.dense_clips import dense_scene
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.phrases import Phrase, phrases, recast
from momentvos.data.stream import WorldClips
from momentvos.data.world import scene
from momentvos.data.world.motion import VERBS
from momentvos.data.world.split import held_out


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_images_ask_for_what_they_show_and_for_what_they_do_not():
    data = DataOptions(videos=8, expressions=4, size=32, phrases=1.0)
    images = WorldClips(data, ClipOptions(frames=1), seed=0)
    batch = images.batch(0)
    assert torch.equal(batch.frames, images.batch(0).frames)
    assert batch.sentences == images.batch(0).sentences
    assert batch.frames.shape == (8, 1, 3, 32, 32) and len(batch.sentences) == 32
    assert torch.equal(batch.moment[:, 0], batch.masks.flatten(1).any(1))
    assert batch.segment.all()
    assert 0 < (~batch.moment).sum().item() < 16
    assert all(sentence.startswith("the ") for sentence in batch.sentences)


def test_motions_are_asked_for_once_and_hold_while_they_are_done():
    data = DataOptions(videos=2, expressions=8, size=32, phrases=1.0, kinds={"verb": 1.0})
    clips = WorldClips(data, ClipOptions(sampler="window", frames=16), seed=0)
    found = 0
    for number in range(3):
        batch = clips.batch(number)
        assert not any(sentence.startswith("the ") for sentence in batch.sentences)
        assert torch.equal(batch.active.flatten(2).any(2) & ~batch.moment, ~batch.moment & False)
        found += int((batch.moment.any(1) & ~batch.moment.all(1)).sum())
    assert found > 10


def test_an_answer_holds_while_the_object_does_it(rng):
    made = scene(5)
    for number, actor in enumerate(made.objects):
        for segment in actor.segments:
            answer = Phrase(actor.category, actor.look, segment.verb).answer(made)
            frames = [f for f in range(segment.start, segment.stop + 1) if actor.visible[f]]
            assert all(frame in answer[number] for frame in frames)
            assert set(answer) <= set(Phrase(actor.category).answer(made))
    assert Phrase("no such thing").answer(made) == {}


def test_phrases_say_what_they_mean(rng):
    assert Phrase("dog", "blue").sentence(rng) in ("the blue dog", "the blue dogs")
    texts = {Phrase("dog", None, "jump").sentence(rng) for _ in range(200)}
    assert {"the dog that jumps", "the dogs leaping", "the dogs that jump"} <= texts
    assert {"jumping", "leap", "jumps up"} <= {Phrase(verb="jump").sentence(rng) for _ in range(99)}


def test_a_recast_scene_moves_as_before_in_at_most_four_looks(rng):
    made = scene(3)
    before = {(one.category, one.look) for one in made.objects}
    other = recast(rng, made)
    assert [one.segments for one in other.objects] == [one.segments for one in made.objects]
    assert len({(one.category, one.look) for one in other.objects} - before) <= 4


def test_in_part_of_the_recast_scenes_looks_tell_things_of_a_category_apart(rng):
    made = [recast(rng, one) for one in (scene(3, "train"), scene(4, "train")) for _ in range(100)]
    pairs = [{(one.category, one.look) for one in other.objects} for other in made]
    alike = [len(both) > len({category for category, _ in both}) for both in pairs]
    assert 40 < sum(alike) < 140


def test_most_phrases_are_about_what_the_frames_show(rng):
    made = recast(rng, scene(4))
    frames = tuple(range(16))
    drawn = phrases(rng, made, frames, 60, {"name": 1.0, "verb": 1.0, "both": 1.0})
    assert len(drawn) == 60
    assert {phrase.verb for phrase in drawn} <= {*VERBS, None}
    held = sum(any(f in m for m in one.answer(made).values() for f in frames) for one in drawn)
    assert 30 <= held < 60


@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_in_train_nothing_does_or_is_said_to_do_what_is_held_out(rng, missing):
    window = ClipOptions(sampler="window", frames=16)
    dense = DataOptions(dense=12)
    for seed in range(20):
        before = scene(seed, "train")
        cast = recast(rng, before)
        for old, new in zip(before.objects, cast.objects, strict=True):
            held = any(held_out(new.category, segment.verb) for segment in new.segments)
            assert not held or (new.category, new.look) == (old.category, old.look)
        for made in (cast, dense_scene(rng, dense, window)):
            drawn = phrases(rng, made, tuple(range(16)), 20, {"both": 1.0}, missing)
            texts = [(one.category, one.verb) for one in drawn if one.category and one.verb]
            assert texts and not any(held_out(*pair) for pair in texts)


@pytest.mark.parametrize("missing", [0.0, 1.0])
def test_categories_are_asked_for_without_their_look(missing):
    rng = np.random.default_rng(5)
    made = recast(rng, scene(5, "train"))
    drawn = phrases(rng, made, (0, 1), 12, {"category": 1.0}, missing)
    shown = {one.category for one in made.objects if one.visible[:2].any()}
    assert all(one.look is None and one.verb is None for one in drawn)
    assert all((one.category in shown) == (missing == 0.0) for one in drawn)
