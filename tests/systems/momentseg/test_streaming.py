"""Sa2VA on a stream: the same answers as about the whole video; MomentSeg needs all of it."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render
from momentvos.errors import ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.momentseg.presets import SA2VA
from momentvos.systems.pretrain.extend import extended


@pytest.fixture(scope="module")
def clip(world):
    frames, _ = render(world, range(12), 64)
    return np.ascontiguousarray(frames), world.fps


@pytest.fixture
def sa2va():
    """The bundled weights as its baseline runs them, without patches, which see whole windows."""
    model = extended(
        momentvos.load("momentseg-mini", device="cpu"), {"patch_dim": 0, "answer_dim": 0}, {}
    )
    for name, value in (SA2VA | {"selection": None}).items():
        setattr(model.config, name, value)
    return model


@pytest.mark.parametrize(("length", "sampled"), [(12, 5), (12, 1), (3, 5), (1, 5)])
def test_it_gives_the_answer_of_the_whole_video(sa2va, clip, length, sampled):
    frames, fps = clip
    video = ArrayVideo(frames[:length], fps)
    sa2va.config.frames = sampled
    stream = sa2va.stream(video, "the turtle")
    stated = stream.delay
    updates = list(stream)
    (answer,), whole = stream.predictions, sa2va.segment(video, "the turtle")
    assert whole.found and (whole.masklet or length < 12)
    assert answer.method == "Sa2VA, streamed" and answer.moment == whole.moment
    assert answer.presence == pytest.approx(whole.presence, abs=1e-4)
    assert set(whole.notes) - set(video.notes) <= set(answer.notes)
    assert answer.scores == pytest.approx(whole.scores, abs=1e-3)
    for frame in range(length):
        assert (answer.masklet.get(frame) == whole.masklet.get(frame)).mean() > 0.999
    assert stated == max(sampled, 2) - 1
    assert max(update.delay for update in updates) == min(stated, length - 1)
    assert all(update.delay == 0 for update in updates if update.frame > stated)


def test_what_is_not_sa2va_needs_the_whole_video(sa2va):
    for name, value in (("sampling", "uniform"), ("walk", "anchors"), ("grounding", "find")):
        before = getattr(sa2va.config, name)
        setattr(sa2va.config, name, value)
        with pytest.raises(ModelError, match="cannot stream a sentence"):
            sa2va.stream("the turtle", fps=8)
        setattr(sa2va.config, name, before)
