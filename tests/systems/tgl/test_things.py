"""TAM asked of things that were followed."""

import numpy as np
import pytest
import torch

from momentvos.data.world import render
from momentvos.evaluation.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.systems.tgl.features import adapted_features
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.things import ThingGrounder

SENTENCE = "the dog that jumps"


def grounder(model, video, window, stride=1):
    tokens = model.tokenize([SENTENCE])
    reader = FeatureReader(model, video)
    made = ThingGrounder(model, tokens, stride, len(video))
    for number, start in enumerate(range(0, len(video), window)):
        frames = range(start, min(start + window, len(video)))
        adapted = adapted_features(model, reader.shared(list(frames)), tokens)
        made.push(number, frames, adapted, model.prompt(adapted.text, tokens))
    return made


@pytest.fixture(scope="module")
def model(build):
    return build(tam_things=True, tam_span=16)


@torch.inference_mode()
def test_only_frames_that_show_the_thing_are_judged(model, video, world):
    _, ids = render(world, range(12), 128)
    judge = grounder(model, video, 6)
    masks = {frame: ids[frame] == 1 for frame in (2, 3, 4, 9)}
    odds = judge(masks)
    assert list(odds) == [2, 3, 4, 9]
    assert judge({}) == {}
    other = judge({frame: ids[frame] == 2 for frame in masks})
    assert all(odds[frame] != other[frame] for frame in masks)
    assert 1 in judge and 2 not in judge
    judge.clear()
    assert 1 not in judge and judge(masks) == {}


@torch.inference_mode()
def test_it_is_what_training_sees(build, batch):
    """One window of a clip, with true masks, gives the logits of the loss."""
    model = build(tam_things=True)
    tokens = model.tokenize([batch.sentences[0]])
    frames = batch.frames[0].permute(0, 2, 3, 1).numpy()
    judge = ThingGrounder(model, tokens, 1, len(frames))
    shared = FeatureReader(model, ArrayVideo(frames, 8.0)).shared(range(len(frames)))
    adapted = adapted_features(model, shared, tokens)
    judge.push(0, range(len(frames)), adapted, model.prompt(adapted.text, tokens))
    dropout = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    assert all(module.p == 0 for module in dropout), "training is deterministic here"
    things = model.train()(batch).things
    model.eval()
    for number in range(things.shape[1]):
        masks = batch.objects[0].numpy() == number + 1
        odds = judge({frame: mask for frame, mask in enumerate(masks) if mask.any()})
        for frame, value in odds.items():
            assert value == pytest.approx(float(things[0, number, frame]), abs=1e-3)


@torch.inference_mode()
def test_frames_of_a_fast_video_are_judged_in_their_phases(model, world):
    frames, ids = render(world, range(12), 128)
    slow = grounder(model, ArrayVideo(frames, world.fps), 12)
    tokens = model.tokenize([SENTENCE])
    reader = FeatureReader(model, ArrayVideo(frames, world.fps))
    fast = ThingGrounder(model, tokens, 2, 24)
    doubled = list(range(0, 24, 2)), list(range(1, 24, 2))
    adapted = adapted_features(model, reader.shared(range(12)), tokens)
    for window in doubled:
        fast.push(0, window, adapted, model.prompt(adapted.text, tokens))
    once = slow({frame: ids[frame] == 1 for frame in range(12)})
    twice = fast({frame: ids[frame // 2] == 1 for frame in range(24)})
    for frame in range(24):
        assert twice[frame] == pytest.approx(once[frame // 2], abs=1e-4)


def test_what_is_said_of_things_narrows_the_moment(build, video, world):
    model = build(things_presence=0.0, gate=False, consensus=4, tam_things=True)
    wide = Moment.all(len(video))
    given = model.segment(video, SENTENCE, moment="all")
    assert given.moment == wide and set(given.relevance) == {1.0}
    model.config.things_look, model.config.things_threshold = 0.0, 0.999999
    found = model.segment(video, SENTENCE)
    assert len(found.moment.frames()) < len(video)
    assert found.presence <= max(found.relevance)
    model.config.things_threshold = 0.0
    seen = [frame for frame, one in enumerate(model.segment(video, SENTENCE).relevance) if one > 0]
    assert model.segment(video, SENTENCE).moment == Moment.from_frames(seen)
    model.config.things_presence = 1.0
    nothing = model.segment(video, SENTENCE)
    assert not nothing.found and not nothing.moment and not nothing.masklet.frames()


def test_without_a_grounder_the_frames_decide(build, video):
    model = build(presence_threshold=0.0, gate=False, consensus=2, tam_layers=0)
    assert model.segment(video, SENTENCE).moment == Moment.all(len(video))


def test_things_need_a_match(build):
    with pytest.raises(ValueError, match="tam_match"):
        build(tam_things=True, tam_match=False)


@torch.inference_mode()
def test_long_videos_are_judged_part_by_part(build, world):
    frames, _ = render(world, [k % world.length for k in range(72)], 128)
    model = build(things_presence=0.0, gate=False, consensus=2, tam_things=True)
    model.config.things_look = 0.0
    answer = model.segment(ArrayVideo(frames, world.fps), SENTENCE)
    assert len(answer.relevance) == 72 and np.isfinite(answer.relevance).all()
