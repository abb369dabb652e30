"""What all systems do alike with moments that are given, with no sentence, with their mode."""

import numpy as np
import pytest
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment

NAMES = ("tgl-mini", "momentseg-mini", "vrshq-mini")


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return momentvos.load(request.param, device="cpu")


@pytest.fixture(scope="module")
def clip():
    made = scene(3, "test")
    frames, _ = render(made, range(6), 64)
    return ArrayVideo(np.ascontiguousarray(frames), made.fps)


@pytest.mark.parametrize("selection", [None, False])
def test_a_given_moment_without_frames_of_the_video_is_an_answer(model, clip, selection):
    given = [Moment.empty(), Moment.from_frames([50])]
    for one in model.segment(clip, ["the hamburger"] * 2, given, selection=selection):
        assert not one.found
        assert one.presence == 0.0
        assert not one.moment
        assert not any(one.relevance)
        assert not any(one.masklet.get(frame).any() for frame in range(len(clip)))


@pytest.mark.parametrize("selection", [None, False])
def test_what_of_a_given_moment_lies_behind_the_video_is_left_out(model, clip, selection):
    moments = [Moment.from_frames(range(3, 60)), Moment.from_frames(range(3, 6))]
    longer, exact = model.segment(clip, ["the hamburger"] * 2, moments, selection=selection)
    assert longer.to_json() == exact.to_json()


def test_without_sentences_there_is_nothing_to_segment(model, clip):
    with pytest.raises(momentvos.errors.SentenceError, match="no sentence"):
        model.segment(clip, [])
    assert model.groundings(clip, []) == []


def test_a_file_is_not_taken_for_a_sentence(model, clip, tmp_path):
    path = tmp_path / "clip.mp4"
    path.touch()
    speaks = hasattr(model, "mllm")
    for call in (model.segment, model.ground, *([model.ask] if speaks else [])):
        with pytest.raises(momentvos.errors.SentenceError, match="is a file, not a sentence"):
            call(clip, str(path))


def test_every_module_is_in_the_mode_it_was_in(model, clip):
    model.train()
    model.sam.eval()
    before = [module.training for module in model.modules()]
    model.segment(clip, "the hamburger", Moment.empty())
    assert [module.training for module in model.modules()] == before
    assert torch.is_grad_enabled()
    model.eval()


def test_a_single_frame_has_relevance_where_only_the_moment_is_asked_for(clip):
    model = momentvos.load("momentseg-mini", device="cpu")
    one = ArrayVideo(next(iter(clip.frames())).rgb[None], 8.0)
    (relevance,), moment = model.ground(one, "the hamburger")
    assert relevance != 0.5
    assert moment == Moment.all(1)
