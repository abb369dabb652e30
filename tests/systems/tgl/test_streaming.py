"""TGL and SAMWISE on a stream: the same answers as about the whole video."""

import numpy as np
import pytest
import torch

from momentvos.data.world import render
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.systems.tgl.live_relevance import MedianFilter
from momentvos.systems.tgl.live_spans import LiveSpans
from momentvos.systems.tgl.presets import SAMWISE
from momentvos.systems.tgl.spans import Spans
from momentvos.systems.tgl.streaming import CUT_WINDOWS, LOOKS_BACK

SENTENCES = ["the turtle that jumps", "the blue turtle"]
FLOAT = {"presence_threshold": 0.0, "image_resizer": "float", "gate": False}
BACKWARDS = {
    "samwise": SAMWISE | {"window": 4} | FLOAT,
    "samwise at a rate": SAMWISE | {"window": 3, "rate": 4.0, "guided_radius": 0} | FLOAT,
    "all frames remembered": FLOAT | {"memory": "all", "window": 4, "tam_span": 6},
    "relevance of patches": FLOAT
    | {"memory": "all", "window": 4, "tam_span": 6, "tam_layers": 0, "patch_dim": 32},
    "both, at a rate": FLOAT
    | {"memory": "all", "window": 3, "tam_span": 4, "patch_dim": 32, "rate": 4.0}
    | {"single_reads": False},
    "every frame prompted": FLOAT
    | {"memory": "all", "window": 4, "tam_span": 5, "moment_features": False},
}
"""Configurations whose plan looks only back."""


@pytest.fixture(scope="module")
def clip(world):
    frames, _ = render(world, range(13), 64)
    return ArrayVideo(frames, world.fps)


def streamed(model, video, sentences, **options):
    """Largest delay of an update, the one that was stated, and predictions."""
    stream = model.stream(video, sentences, **options)
    stated, delays = stream.delay, [update.delay for update in stream]
    return max(delays), stated, stream.predictions


def split(model, video):
    """Let about half of the frames be in the moment, so that there are both kinds."""
    if model.can_ground:
        relevance, _ = model.ground(video, SENTENCES[0])
        model.config.relevance_threshold = float(np.median(relevance))
    return model


def alike(one, other):
    assert one.moment == other.moment and one.found == other.found
    assert one.relevance == pytest.approx(other.relevance, abs=1e-4)
    assert one.scores == pytest.approx(other.scores, abs=1e-3)
    assert one.presence == pytest.approx(other.presence, abs=1e-4)
    for frame in range(one.video.length):
        assert (one.masklet.get(frame) == other.masklet.get(frame)).mean() > 0.999


@pytest.mark.parametrize("name", BACKWARDS)
def test_a_plan_that_looks_back_gives_the_same_answer(build, clip, name):
    model = split(build(**BACKWARDS[name]), clip)
    late, stated, predictions = streamed(model, clip, SENTENCES[:1])
    (whole,) = model.segment(clip, SENTENCES[:1])
    assert len(whole.moment) > 0 and whole.masklet
    alike(predictions[0], whole)
    assert predictions[0].method == f"{whole.method}, streamed"
    assert late <= stated


def test_sentences_go_together_as_apart(tiny, clip):
    model = tiny(window=4, gate=False)
    _, _, together = streamed(model, clip, SENTENCES)
    for sentence, prediction in zip(SENTENCES, together, strict=True):
        alike(prediction, model.segment(clip, sentence))


def test_the_delay_of_samwise_is_its_window(tiny, clip):
    for window, rate, delay in ((4, None, 3), (4, 4.0, 7), (1, None, 0)):
        model = tiny(window=window, rate=rate)
        late, stated, _ = streamed(model, clip, SENTENCES[:1])
        assert late == stated == delay


@pytest.mark.parametrize(("window", "span"), [(2, 5), (3, 4), (4, 2)])
def test_the_stated_delay_is_reached_and_not_exceeded(tiny, world, window, span):
    frames, _ = render(world, range(32), 32)
    small = {"tam_layers": 1, "tam_dim": 16, "tam_heads": 1, "tam_pool": 2}
    model = tiny(memory="all", window=window, tam_span=span, **small)
    late, stated, _ = streamed(model, ArrayVideo(frames, world.fps), SENTENCES[:1])
    assert late == stated


def test_the_delay_of_patches_is_their_span(build, clip):
    model = build(**BACKWARDS["relevance of patches"] | {"tam_span": 4, "window": 2})
    late, stated, _ = streamed(model, clip, SENTENCES[:1])
    assert late == stated == 5


def test_the_dual_path_says_how_it_differs(build, clip):
    model = split(build(**FLOAT | {"window": 4, "tam_span": 6}), clip)
    stream = model.stream(clip, SENTENCES[0])
    assert stream.notes == (f"streamed: {LOOKS_BACK}",)
    updates = list(stream)
    (answer,) = stream.predictions
    whole = model.segment(clip, SENTENCES[0])
    assert answer.moment == whole.moment and f"streamed: {LOOKS_BACK}" in answer.notes
    first = whole.moment.spans[0][0]
    for update in updates:
        if update.frame < first:  # nothing says yet what to segment
            assert not update.mask.any() and update.confidence == 0
        if update.inside:
            same = update.mask == whole.masklet.get(update.frame)
            assert same.mean() > 0.999
    assert any(update.mask.any() for update in updates if not update.inside)


def test_windows_of_the_moment_alone_end_with_it(build, clip):
    given = FLOAT | {"window": 4, "tam_span": 6, "adapter_scope": "moment"}
    model = split(build(**given), clip)
    stream = model.stream(clip, SENTENCES[0])
    assert f"streamed: {CUT_WINDOWS}" in stream.notes
    stated = stream.delay
    updates = list(stream)
    assert max(update.delay for update in updates) <= stated
    assert [update.frame for update in updates] == list(range(len(clip)))
    assert stream.predictions[0].moment == model.segment(clip, SENTENCES[0]).moment


def test_without_a_frame_above_the_threshold_nothing_is_found(build, clip):
    model = build(**FLOAT | {"window": 4, "tam_span": 6, "relevance_threshold": 1.0})
    _, _, (answer,) = streamed(model, clip, SENTENCES[:1])
    assert not answer.found and not answer.moment and not answer.masklet


@pytest.mark.parametrize("length", [1, 2, 7, 12, 23])
@pytest.mark.parametrize("span", [1, 2, 5, 8])
def test_live_spans_are_those_of_a_whole_video(length, span):
    torch.manual_seed(length * span)
    values = torch.randn(1, length)

    def score(text, part):
        return part * text.mean() + part.mean()

    whole, live, found = Spans(score, 1, span, length), LiveSpans(score, span), {}
    for start in range(0, length, 3):
        frames = list(range(start, min(start + 3, length)))
        text, part = values[:, start : start + 1, None], values[:, frames]
        whole.push(frames, text, part)
        found.update(live.push(frames, text, part))
        assert len(live) < span or span == 1
    found.update(live.finish())
    assert list(found) == list(range(length))
    expected = whole.finish()[0].tolist()
    assert list(found.values()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize("length", [1, 2, 3, 9])
def test_the_filter_is_that_of_moments(width, length):
    curve = np.random.default_rng(width * length).random(length).tolist()
    live, flags = MedianFilter(0.5, width), []
    for frame, value in enumerate(curve):
        flags += live.push(frame, value)
        assert len(flags) == max(frame + 1 - width // 2, 0)
    flags += live.finish()
    assert [one.frame for one in flags] == list(range(length))
    if any(one.inside for one in flags):
        whole = Moment.from_relevance(curve, 0.5, width)
        assert Moment.from_flags(one.inside for one in flags) == whole
