"""Whole videos and images: answers, masks, moments."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.switching import switching

from momentvos.errors import ModelError, SentenceError
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import encode, to_pixels
from momentvos.sam2.resize import resize
from momentvos.selection import SelectionConfig, TrackSelector
from momentvos.systems.momentseg.presets import SA2VA, SA2VA_I
from momentvos.systems.momentseg.video_context import VideoContext

SENTENCE = "the dog that jumps"


@pytest.fixture
def switched(taught):
    """Sets fields of the config for one test."""
    with switching(taught) as switch:
        yield switch


def masks(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(prediction.video.length)])


def test_a_sentence_is_found_grounded_and_segmented(taught, video):
    progress = []
    prediction = taught.segment(video, SENTENCE, progress=lambda *row: progress.append(row))
    assert prediction.found and prediction.presence > 0
    assert masks(prediction).shape == (20, 40, 56) and masks(prediction).any()
    assert prediction.moment and max(prediction.relevance) > min(prediction.relevance)
    assert progress[-1] == ("segmenting", 20, 20)
    assert "the language model saw 56x40 frames at 32x24" in prediction.notes
    again = taught.segment(video, SENTENCE)
    assert again == prediction


def test_ground_is_what_segment_used(taught, video):
    curve, moment = taught.ground(video, SENTENCE)
    prediction = taught.segment(video, SENTENCE)
    assert prediction.relevance == tuple(round(value, 6) for value in curve)
    assert prediction.moment == moment


def test_sentences_share_a_video_and_change_nothing(taught, video):
    together = taught.segment(video, [SENTENCE, "the dog"])
    for sentence, answer in zip([SENTENCE, "the dog"], together, strict=True):
        alone = taught.segment(video, sentence)
        assert answer.scores == pytest.approx(alone.scores, abs=1e-5)
        assert replace(answer, scores=alone.scores) == alone


def test_an_answer_without_seg_is_not_found_and_is_noted(mini, video):
    prediction = mini.segment(video, SENTENCE)
    assert not prediction.found and not prediction.moment and prediction.presence == 0
    assert not masks(prediction).any()
    assert any("named nothing to segment; it said" in note for note in prediction.notes)
    assert mini.ground(video, SENTENCE) == ([0.5] * 20, Moment.empty())


def test_a_given_moment_is_looked_at(taught, video):
    moment = Moment([(4, 12)])
    prediction = taught.segment(video, SENTENCE, moment)
    assert prediction.moment == moment
    assert prediction.relevance == tuple(float(4 <= frame <= 12) for frame in range(20))


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9])
def test_videos_of_any_length(taught, frames, length):
    prediction = taught.segment(ArrayVideo(frames[:length], 8.0), SENTENCE)
    assert len(prediction.scores) == length
    assert prediction.found


def test_questions_are_answered_in_words(taught, frames):
    assert taught.ask(ArrayVideo(frames[:1], 8.0), "What is this?") == "a dog"
    assert isinstance(taught.ask(ArrayVideo(frames, 8.0), "What is this?"), str)


@pytest.mark.parametrize("sentence", ["", "  ", "x" * 2001])
def test_sentences_have_words_and_an_end(taught, video, sentence):
    for ask in (taught.segment, taught.ground, taught.ask):
        with pytest.raises(SentenceError):
            ask(video, sentence)


@pytest.mark.parametrize("view", ["combine", "video", "multi-frame"])
def test_views(switched, video, view):
    assert switched(view=view).segment(video, SENTENCE).model


def test_sa2va_looks_at_the_first_frames_and_tracks_forward(switched, video, frames):
    model = switched(**SA2VA)
    prediction = model.segment(video, SENTENCE)
    assert set(prediction.relevance) == {1.0}
    # The future is not looked at, so that cutting it off changes nothing.
    short = model.segment(ArrayVideo(frames[:12], 8.0), SENTENCE)
    assert (masks(prediction)[:12] == masks(short)).all()
    assert prediction.found == short.found


def test_the_original_decoder_needs_its_weights(switched, video):
    model = switched(decoder="original")
    with pytest.raises(ModelError, match="original mask decoder"):
        model.segment(video, SENTENCE)


def test_the_original_decoder_tracks_masks_of_the_other(build, taught, video):
    model = build(original_decoder=True)
    model.load_state_dict(taught.state_dict(), strict=False)
    model.tokenizer = taught.tokenizer
    usual = model.segment(video, SENTENCE)
    for name, value in (SA2VA_I | {"frames": 8}).items():
        setattr(model.config, name, value)
    handed = model.segment(video, SENTENCE)
    assert handed.found and masks(handed).shape == masks(usual).shape
    before = masks(handed)
    torch.nn.init.zeros_(model.original_decoder.output_hypernetworks_mlps[1].proj_out.weight)
    for layer in model.original_decoder.output_hypernetworks_mlps:
        torch.nn.init.zeros_(layer.proj_out.weight)
        torch.nn.init.zeros_(layer.proj_out.bias)
    anchors = [int(frame) for frame in np.linspace(0, 19, 8, dtype=int)]
    after = masks(model.segment(video, SENTENCE))
    assert (after[anchors] == before[anchors]).all()
    others = [frame for frame in range(20) if frame not in anchors]
    assert not after[others].any()


def test_the_gate_blanks_frames_without_object(switched, video):
    open_, shut = (switched(gate=gate).segment(video, SENTENCE) for gate in (False, True))
    assert masks(shut).sum() <= masks(open_).sum()


def test_half_precision_gives_equal_answers(taught, video):
    half = copy.deepcopy(taught).bfloat16()
    ours, theirs = taught.segment(video, SENTENCE), half.segment(video, SENTENCE)
    assert theirs.found == ours.found
    assert abs(theirs.presence - ours.presence) < 0.05
    assert np.abs(np.subtract(theirs.relevance, ours.relevance)).max() < 0.05


def test_presence_below_the_threshold_is_not_found(switched, video):
    prediction = switched(presence_threshold=1.1).segment(video, SENTENCE)
    assert not prediction.found and prediction.presence > 0


@torch.no_grad()
def test_the_reader_gives_every_frame_in_any_order_and_stays_small(mini, video, frames):
    size = (64, 64)
    wanted = encode(mini.sam, to_pixels(resize(torch.from_numpy(frames), size, "bicubic")))
    reader = FeatureCache(mini.sam, video, mode="stretch", budget=0)
    for numbers in ([3, 9, 17], *([k] for k in range(20)), *([k] for k in reversed(range(20)))):
        got = reader(numbers)
        for level, truth in zip(got.levels, wanted.levels, strict=True):
            torch.testing.assert_close(level, truth[numbers], atol=1e-4, rtol=1e-3)
        assert len(reader) <= 8


def test_a_long_video_is_shown_in_few_frames(switched, frames):
    model = switched(context_frames=5)
    assert VideoContext.of(model, ArrayVideo(frames, 8.0)).visual.grid[0] == 3
    assert VideoContext.of(model, ArrayVideo(frames[:6], 8.0)).visual.grid[0] == 3
    assert VideoContext.of(model, ArrayVideo(frames[:2], 8.0)).visual.grid[0] == 1


def test_alone_every_frame_is_segmented_without_memory(switched, video, frames):
    model = switched(walk="alone")
    prediction = model.segment(video, SENTENCE)
    few = ArrayVideo(frames[:3], 8.0)
    model.config.walk, model.config.frames = "anchors", 3  # all of them anchors: no memory either
    anchored = model.segment(few, SENTENCE)
    model.config.walk = "alone"
    assert masks(model.segment(few, SENTENCE)).tolist() == masks(anchored).tolist()
    assert masks(prediction).shape == (20, 40, 56) and prediction.found


@pytest.mark.parametrize("walk", ["alone", "anchors"])
def test_edges_are_followed_after_memory(switched, video, walk):
    plain, edged = (
        switched(walk=walk, guided_radius=radius).segment(video, SENTENCE) for radius in (0, 2)
    )
    assert plain.scores == edged.scores
    assert 0.5 < (masks(plain) == masks(edged)).mean() < 1


def test_frames_may_agree_on_what_is_meant(switched, video):
    progress = []
    model = switched(selection=SelectionConfig(max_tracks=3), guided_radius=2)
    prediction = model.segment(video, SENTENCE, progress=lambda *row: progress.append(row))
    assert prediction.found and masks(prediction).any()
    done = [frames for stage, frames, _ in progress if stage == "segmenting"]
    assert done == sorted(done) and done[-1] == 20
    assert all((prediction.scores[k] > 0) >= masks(prediction)[k].any() for k in range(20))
    assert (prediction.relevance, prediction.moment) == (
        switched(selection=None).segment(video, SENTENCE).relevance,
        prediction.moment,
    )
    given = switched(selection=SelectionConfig(max_tracks=3)).segment(
        video, SENTENCE, Moment([(4, 12)])
    )
    assert given.moment == Moment([(4, 12)])


def test_tracks_may_be_scored_by_a_selector(switched, video):
    torch.manual_seed(0)
    before = switched().segment(video, SENTENCE).relevance
    model = switched(selection=SelectionConfig(max_tracks=3, presence_threshold=0.0))
    model.selector = TrackSelector(64).eval()
    try:
        selected = model.segment(video, SENTENCE)
        assert selected.found and selected.relevance != before
        assert selected.moment == Moment.from_relevance(
            selected.relevance, model.config.selection.relevance_threshold, 3
        )
        assert selected.presence <= max(selected.relevance)
        given = model.segment(video, SENTENCE, Moment([(4, 12)]))
        assert given.moment == Moment([(4, 12)]) and set(given.relevance) == {0.0, 1.0}
        switched(selection=SelectionConfig(max_tracks=3, presence_threshold=1.0))
        assert not model.segment(video, SENTENCE).found
    finally:
        model.selector = None


def test_noun_prompts_are_those_of_seg(taught):
    text, mask = taught.encode_words(["the dog that jumps", "the dog"])
    assert text.shape[:2] == mask.shape and mask.sum(1).tolist()[0] > mask.sum(1).tolist()[1]
    prompts = taught.noun_prompts(["the dog", "the dog that jumps", "the dog"])
    assert prompts.shape == (3, taught.config.sam_config.vision_config.fpn_hidden_size)
    torch.testing.assert_close(prompts[0], prompts[2])
    assert not torch.allclose(prompts[0], prompts[1])
