"""Windows of several sentences: adapted once for each, what they share computed once for all."""

import pytest
import torch

from momentvos.moment import Moment
from momentvos.systems.tgl import features, ground, shared_cache, windowed
from momentvos.systems.tgl.presets import SAMWISE

SENTENCES = ["the turtle that jumps", "the blue turtle", "the dog", "two cats"]


@pytest.fixture
def counted(monkeypatch):
    """Frames through the stages that all sentences share, and windows that are adapted."""
    seen = {"frames": 0, "windows": 0, "encoded": 0}
    shared, adapt, encode = shared_cache.shared_features, features.adapt, windowed.encode_windows

    def through(model, pixels):
        seen["frames"] += len(pixels)
        return shared(model, pixels)

    def adapted(*given):
        seen["windows"] += 1
        return adapt(*given)

    def encoded(*given):
        seen["encoded"] += 1
        return encode(*given)

    monkeypatch.setattr(shared_cache, "shared_features", through)
    monkeypatch.setattr(windowed, "encode_windows", encoded)
    for module in (ground, windowed):
        monkeypatch.setattr(module, "adapt", adapted)
    return seen


def same(ours, theirs):
    """Answers agree: moments, presence and all but a few pixels."""
    for one, other in zip(ours, theirs, strict=True):
        assert one.moment == other.moment
        assert one.presence == pytest.approx(other.presence, abs=1e-4)
        for frame in range(one.video.length):
            assert (one.masklet.get(frame) == other.masklet.get(frame)).mean() > 0.999


@pytest.mark.parametrize("count", [1, 4])
def test_the_baseline_sends_every_frame_once_through_the_shared_stages(
    build, video, counted, monkeypatch, count
):
    """However small the cache is: all sentences are at a window together."""
    monkeypatch.setitem(shared_cache.BUDGET, "cpu", 0)
    model = build(**SAMWISE, presence_threshold=0.0, gate=False, window=4)
    together = model.segment(video, SENTENCES[:count])
    assert counted == {"frames": 12, "encoded": 3, "windows": 3 * count}
    same(together, [model.segment(video, one) for one in SENTENCES[:count]])


def test_frames_outside_of_all_moments_are_encoded_once_for_all(build, video, counted, monkeypatch):
    monkeypatch.setitem(shared_cache.BUDGET, "cpu", 0)
    model = build(presence_threshold=0.0, gate=False, window=4, motion_dim=0)
    moments = [Moment([(0, 3)]), Moment([(0, 3)]), Moment([(8, 11)])]
    together = model.segment(video, SENTENCES[:3], moments)
    assert counted["frames"] <= 4 + 4 + 12
    assert counted["windows"] == 3
    same(together, [model.segment(video, *one) for one in zip(SENTENCES, moments, strict=False)])


@pytest.mark.parametrize(("kept", "windows"), [(1 << 30, 6), (0, 12)])
def test_what_grounding_adapted_prompts(build, video, counted, monkeypatch, kept, windows):
    """Where there is room; else windows are adapted anew, with the same result."""
    monkeypatch.setitem(windowed.KEPT, "cpu", kept)
    model = build(presence_threshold=0.0, gate=False, window=4, relevance_threshold=0.0)
    together = model.segment(video, SENTENCES[:2])
    assert all(one.moment == Moment.all(12) for one in together)
    assert counted["windows"] == windows
    same(together, [model.segment(video, one) for one in SENTENCES[:2]])


def test_padding_to_another_sentence_changes_nothing(build, video):
    """SAMWISE's adapters read padding, so each sentence comes with its own."""
    model = build(text_mask=False, presence_threshold=0.0, gate=False)
    long = "the very large blue turtle that jumps up and then moves to the left side of the video"
    (alone,) = model.segment(video, SENTENCES[:1])
    short, _ = model.segment(video, [SENTENCES[0], long])
    torch.testing.assert_close(
        torch.tensor(short.relevance), torch.tensor(alone.relevance), atol=1e-4, rtol=1e-4
    )
    same([short], [alone])


def test_a_video_is_forgotten_with_its_session(build, video):
    """At once, not when the collector comes by: frames are large."""
    import gc
    import weakref

    from momentvos.systems.session import Request

    model = build()
    gc.disable()
    try:
        session = model.open_session(Request(video, SENTENCES[:1], [None], model.config))
        with torch.inference_mode():
            session.cache([0])
        held = [weakref.ref(one) for one in (session, session.cache, session.shared)]
        del session
        assert [one() for one in held] == [None] * 3
    finally:
        gc.enable()
