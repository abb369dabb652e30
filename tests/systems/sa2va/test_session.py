"""Whole videos and images: prompts, sampled frames, masks, moments."""

import numpy as np
import pytest
import torch
from tests.switching import switching

from momentvos.errors import ModelError, RecipeError
from momentvos.media.arrays import ArrayVideo
from momentvos.mllm import Turn
from momentvos.moment import Moment
from momentvos.systems.sa2va import prompter
from momentvos.systems.sa2va.handover import handed_over

DOG = "the dog that jumps"


def masks(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(prediction.video.length)])


@pytest.fixture
def switched(model):
    """Sets fields of the config for one test."""
    with switching(model) as switch:
        yield switch


@pytest.fixture
def asked(monkeypatch, model):
    """The prompts, as text with each picture as one token."""
    prompts = []
    generate = prompter.generate

    def spied(mllm, words, given, *rest, **more):
        text = words.decode(given.ids[0])
        while "<|image_pad|><|image_pad|>" in text:
            text = text.replace("<|image_pad|><|image_pad|>", "<|image_pad|>")
        prompts.append(text)
        return generate(mllm, words, given, *rest, **more)

    monkeypatch.setattr(prompter, "generate", spied)
    return prompts


PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
SYSTEM = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"


@pytest.mark.parametrize(
    ("length", "sentence", "system", "wanted"),
    [
        (12, DOG, True, f"{PICTURE * 5}\nPlease segment {DOG}."),
        (3, DOG, False, f"{PICTURE * 3}\nPlease segment {DOG}."),
        (12, "Who?", False, f"{PICTURE * 5}\n Who? Please respond with a segmentation mask."),
        (1, DOG, True, f"{PICTURE}\n Please segment {DOG} in this image."),
        (1, "Who?", False, f"{PICTURE}\n Please segment Who? in this image."),
    ],
)
def test_prompts_are_worded_as_released(switched, frames, asked, length, sentence, system, wanted):
    switched(system_prompt=system).segment(ArrayVideo(frames[:length], 8.0), sentence)
    begin = SYSTEM if system else ""
    assert asked == [f"{begin}<|im_start|>user\n{wanted}<|im_end|>\n<|im_start|>assistant\n"]


def test_names_of_tokens_in_a_sentence_are_plain_text(model):
    asked = model.request("[SEG] <|im_end|>")
    ids = model.render([Turn(asked.question)]).ids
    assert model.seg_token not in ids
    assert ids.count(model.token("<|im_end|>")) == 2  # of the system prompt and the question


def test_a_sentence_is_segmented_and_the_moment_is_where_there_is_a_mask(model, video):
    prediction = model.segment(video, DOG)
    assert prediction.method == "Sa2VA" and prediction.found and prediction.presence == 1
    drawn = masks(prediction)
    assert drawn.shape == (12, 40, 56)
    assert prediction.moment == Moment.from_flags(drawn.any((1, 2)))
    assert "the language model saw 56x40 frames at 32x24" in prediction.notes
    assert model.segment(video, DOG) == prediction
    never = model.segment(video, DOG, Moment.empty())
    assert not never.found


def test_the_future_is_not_looked_at(model, video, frames):
    short = model.segment(ArrayVideo(frames[:8], 8.0), DOG)
    assert (masks(model.segment(video, DOG))[:8] == masks(short)).all()


def test_uniform_frames_are_those_of_the_whole_video(switched, video, frames):
    model = switched(sampling="uniform")
    ends = frames.copy()
    ends[[1, 3, 4, 6, 7, 9, 10]] = 0  # what is not among 0, 2, 5, 8 and 11
    whole, other = (model.segment(one, DOG) for one in (video, ArrayVideo(ends, 8.0)))
    sampled = [0, 2, 5, 8, 11]
    assert (masks(whole)[sampled] == masks(other)[sampled]).all()


def test_an_answer_without_seg_is_not_found_and_is_noted(build, video):
    prediction = build(answers=False).segment(video, DOG)
    assert not prediction.found and not masks(prediction).any()
    assert any("named nothing to segment; it said" in note for note in prediction.notes)


def test_sentences_share_a_video_and_change_nothing(model, video):
    together = model.segment(video, [DOG, "Who?"])
    for sentence, answer in zip([DOG, "Who?"], together, strict=True):
        assert (masks(answer) == masks(model.segment(video, sentence))).all()


def test_the_original_decoder_needs_its_weights_but_for_an_image(switched, video, frames):
    model = switched(decoder="original")
    with pytest.raises(ModelError, match="original mask decoder"):
        model.segment(video, DOG)
    assert model.segment(ArrayVideo(frames[:1], 8.0), DOG).found


def test_the_original_decoder_tracks_masks_of_the_other(build, model, video):
    both = build(original_decoder=True)
    both.load_state_dict(model.state_dict(), strict=False)
    both.config.sampling, both.config.decoder = "uniform", "original"
    before = both.segment(video, DOG)
    assert before.method == "Sa2VA-i"
    for layer in both.original_decoder.output_hypernetworks_mlps:
        torch.nn.init.zeros_(layer.proj_out.weight)
        torch.nn.init.zeros_(layer.proj_out.bias)
    after = masks(both.segment(video, DOG))
    sampled = [0, 2, 5, 8, 11]
    assert (after[sampled] == masks(before)[sampled]).all() and after[sampled].any()
    assert not np.delete(after, sampled, 0).any()


def test_a_mask_handed_over_is_thresholded_at_the_frames_size_first():
    logits = torch.full((4, 4), -1.0)
    logits[:2, :2] = 9.0
    mask = handed_over(logits, (8, 6), 16)
    assert mask.shape == (1, 16, 16)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert mask[0, :8, :8].all() and not mask[0, 11:].any()
    same = handed_over(logits, (16, 16), 16)
    full = torch.nn.functional.interpolate(logits[None, None], (16, 16), mode="bilinear")
    assert torch.equal(same, (full[0] > 0).float())


def test_questions_are_answered_in_words(model, video, frames, asked):
    assert model.ask(video, "What is this?") == "[SEG]"
    assert asked[0].count(PICTURE) == 5 and f"{PICTURE}What is this?<|im_end|>" in asked[0]
    model.ask(ArrayVideo(frames[:1], 8.0), "What is this?")
    assert asked[1].count(PICTURE) == 1


@torch.no_grad()
def test_states_are_those_before_or_after_the_final_norm(switched):
    raw, normed = (
        prompter.generated(switched(final_norm=after), (DOG,)) for after in (False, True)
    )
    assert torch.equal(raw.ids, normed.ids)
    norm = switched().mllm.model.language_model.norm
    assert not torch.allclose(raw.hidden, normed.hidden)
    torch.testing.assert_close(norm(raw.hidden), normed.hidden)


def test_a_saved_model_answers_alike_and_is_no_momentseg(model, video, tmp_path):
    from momentvos.systems.momentseg.model import MomentSegModel

    model.save_pretrained(tmp_path)
    assert masks(type(model).from_pretrained(tmp_path).segment(video, DOG)).tolist() == (
        masks(model.segment(video, DOG)).tolist()
    )
    with pytest.raises(ModelError, match="not a MomentSeg model"):
        MomentSegModel.from_pretrained(tmp_path)


def test_it_cannot_be_trained_as_a_system_of_its_own(model):
    with pytest.raises(RecipeError, match="cannot be trained"):
        model.training_module()
