"""Whole videos and images: keyframes, masks, moments."""

import numpy as np
import pytest
import torch

from momentvos.errors import ModelError, SentenceError
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt, attend, decode, encode
from momentvos.sam2.geometry import to_input
from momentvos.selection import SelectionConfig, TrackSelector
from momentvos.systems.session import Request
from momentvos.systems.vrshq.keyframe import select
from momentvos.systems.vrshq.prompter import Prompter
from momentvos.systems.vrshq.sampling import aligned
from momentvos.systems.vrshq.tda import aggregate

SENTENCE = "the dog that jumps"


def masks(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(prediction.video.length)])


def test_a_sentence_is_segmented_in_every_frame(mini, video):
    progress = []
    prediction = mini.segment(video, SENTENCE, progress=lambda *row: progress.append(row))
    assert prediction.found and 0.5 < prediction.presence <= 1
    predicted = masks(prediction)
    assert predicted.shape == (20, 40, 56) and predicted.any() and not predicted.all()
    assert progress[-1] == ("segmenting", 20, 20)
    assert "the language model saw 56x40 frames at 16x8" in prediction.notes
    assert mini.segment(video, SENTENCE) == prediction


def test_the_moment_is_where_the_target_was_segmented(mini, video):
    prediction = mini.segment(video, SENTENCE)
    assert prediction.moment == Moment.from_flags(masks(prediction).any((1, 2)))
    curve, moment = mini.ground(video, SENTENCE)
    assert moment == prediction.moment
    assert prediction.relevance == tuple(round(value, 6) for value in curve)
    assert max(curve) == pytest.approx(prediction.presence, abs=1e-5)


def test_sentences_share_a_video_and_change_nothing(mini, video):
    sentences = [SENTENCE, "the dog", "What is this?"]
    together = mini.segment(video, sentences)
    assert together == [mini.segment(video, sentence) for sentence in sentences]


def test_answers_come_group_by_group(mini, video, monkeypatch):
    monkeypatch.setattr("momentvos.systems.session.TOGETHER", 1)
    answers = mini.segment_each(video, [SENTENCE, "the dog"])
    first = next(answers)
    monkeypatch.setattr(mini.mllm.model, "forward", None)
    assert first.sentence == SENTENCE and first.found
    with pytest.raises(ModelError, match="cannot work on this"):
        next(answers)


@torch.no_grad()
def test_what_was_read_of_the_frames_is_not_read_again(mini, video, monkeypatch):
    frames = aligned(20, 10)
    first = Prompter(mini, video).tokens(frames, "the dog")
    prompter = Prompter(mini, video)
    prompter.tokens(frames, SENTENCE)
    lengths = []
    forward = mini.mllm.model.forward

    def counted(**kwargs):
        lengths.append(kwargs["input_ids"].shape[1])
        assert "pixel_values" not in kwargs
        return forward(**kwargs)

    monkeypatch.setattr(mini.mllm.model, "forward", counted)
    again = prompter.tokens(frames, "the dog")
    torch.testing.assert_close(again.seg, first.seg, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(again.tak, first.tak, atol=1e-4, rtol=1e-3)
    assert len(lengths) == 1 and len(first.seg) == len(frames) == 10


@torch.no_grad()
def test_tokens_are_the_states_before_their_places(mini, video):
    """Against one plain pass over the whole conversation."""
    from momentvos.mllm import Turn, hidden_states
    from momentvos.systems.vrshq import chat_template, templates

    frames = aligned(20, 10)
    images = [
        chat_template.image_input(mini, frame.rgb, alone=False) for frame in video.read(frames)
    ]
    turn = Turn(
        (*templates.visual_parts(images), templates.question(SENTENCE)),
        templates.answer(len(frames)),
    )
    inputs = mini.inputs([chat_template.render(mini, [turn])])
    hidden, ids = hidden_states(mini.mllm, inputs)[0], inputs.ids[0].tolist()
    seg = [hidden[place - 1] for place, token in enumerate(ids) if token == mini.seg_token]
    tak = hidden[ids.index(mini.tak_token) - 1]
    tokens = Prompter(mini, video).tokens(frames, SENTENCE)
    torch.testing.assert_close(tokens.seg, mini.prompts(torch.stack(seg)), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(tokens.tak, mini.prompts(tak), atol=1e-4, rtol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("focus", [0.0, 1.0])
def test_the_keyframe_has_the_best_sum_of_shares(switched, video, frames, focus):
    mini, sampled = switched(focus=focus), aligned(20, 10)
    tokens = Prompter(mini, video).tokens(sampled, SENTENCE)
    cache = FeatureCache(mini.sam, video, mode="pad")
    key = select(mini.config, cache, sampled, tokens, sampled, DecoderOptions())
    prompt, shares = aggregate(tokens.seg, tokens.tak)
    scores = []
    for row, frame in enumerate(sampled):
        own = prompt + focus * tokens.seg[row]
        pixels, content = to_input(frames[frame : frame + 1], 64)
        assert content == (46, 64)
        plain = encode(mini.sam, pixels)
        made = decode(
            mini.sam,
            plain.with_top(attend(mini.sam, plain.top)),
            Prompt(tokens=own[None, None]),
        )
        scores.append(made.score[0])
    wanted = torch.stack(scores).softmax(0) + shares
    assert key.frame == sampled[int(wanted.argmax())]
    torch.testing.assert_close(torch.tensor(key.chosen_by), wanted, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("handover", ["mask", "token"])
@pytest.mark.parametrize("key", [0, 6, 13])
def test_tracking_goes_both_ways_from_the_keyframe(switched, frames, handover, key):
    """A frame's mask depends on those between it and the keyframe, and on nothing beyond it."""
    model = switched(handover=handover, frames=1)
    clip, moment = frames[:14], Moment([(key, key)])
    plain = masks(model.segment(ArrayVideo(clip, 8.0), SENTENCE, moment))
    assert plain[key].any()
    for changed in (1, 12):
        if changed == key:
            continue
        other = clip.copy()
        other[changed] = 255 - other[changed]
        same = masks(model.segment(ArrayVideo(other, 8.0), SENTENCE, moment)) == plain
        nearer = slice(changed + 1, None) if changed < key else slice(0, changed)
        assert same[nearer].all() and not same.all()


@pytest.mark.parametrize(
    ("choice", "moment", "key"),
    [
        ("first", None, 0),
        ("middle", None, 10),
        ("middle", Moment([(2, 8)]), 5),
        ("first", Moment([(11, 17)]), 12),
    ],
)
def test_a_keyframe_without_a_choice(switched, video, choice, moment, key):
    model = switched(keyframe=choice)
    session = model.open_session(Request(video, [SENTENCE], [moment], model.config))
    (grounded,) = session.ground()
    prompted = [step for step in session.plan(0, grounded).steps() if step.prompt is not None]
    assert [step.frame for step in prompted] == [key]
    assert grounded.relevance[key] == max(grounded.relevance)


def test_a_mask_handed_over_is_what_is_tracked(switched, video):
    switched(keyframe_mask="decoded")
    by_mask = switched(handover="mask").segment(video, SENTENCE)
    by_token = switched(handover="token").segment(video, SENTENCE)
    assert by_mask.relevance == by_token.relevance and by_mask.presence == by_token.presence
    key = int(np.argmax(by_mask.relevance))
    assert (masks(by_mask)[key] == masks(by_token)[key]).all()
    assert by_mask.scores != by_token.scores


def test_a_given_moment_holds_the_keyframe(mini, video):
    moment = Moment([(4, 6)])
    prediction = mini.segment(video, SENTENCE, moment)
    assert prediction.moment == moment
    assert prediction.relevance == tuple(float(4 <= frame <= 6) for frame in range(20))


def test_a_curve_is_met_by_the_frames_sampled(mini, video):
    curves = [[float(frame == top) for frame in range(20)] for top in (4, 7)]
    even, odd = (mini.segment(video, SENTENCE, relevance=curve) for curve in curves)
    assert int(np.argmax(even.relevance)) % 2 == 0
    assert int(np.argmax(odd.relevance)) % 2 == 1
    with pytest.raises(ValueError, match="3 values of relevance for 20 frames"):
        mini.segment(video, SENTENCE, relevance=[1, 2, 3])


@pytest.mark.parametrize("length", [1, 2, 3, 11, 12, 13])
def test_videos_of_any_length(mini, frames, length):
    prediction = mini.segment(ArrayVideo(frames[:length], 8.0), SENTENCE)
    assert len(prediction.scores) == length
    assert prediction.found


def test_the_keyframe_shows_the_mask_handed_over(switched, video):
    """Which went through SAM2's square, a quarter of it, and back."""
    decoded, handed = (
        switched(keyframe_mask=kind, fill_holes=0).segment(video, SENTENCE)
        for kind in ("decoded", "handed")
    )
    key = int(np.argmax(handed.relevance))
    shown = masks(decoded) == masks(handed)
    assert 0.8 < shown[key].mean() < 1 and np.delete(shown, key, 0).all()
    assert handed.scores[key] > decoded.scores[key]


def test_holes_are_filled_in_what_is_shown(switched, video):
    plain, filled = (switched(fill_holes=most).segment(video, SENTENCE) for most in (0, 8))
    assert (masks(filled) >= masks(plain)).mean() > 0.99
    assert masks(filled).sum() > masks(plain).sum()


@pytest.mark.parametrize("option", ["binarize", "crop_handover"])
def test_what_is_handed_over_reaches_memory(switched, video, option):
    on, off = (switched(**{option: value}).segment(video, SENTENCE) for value in (True, False))
    assert on.relevance == off.relevance and on.scores != off.scores


def test_tracking_goes_on_from_an_empty_keyframe(build, video):
    """As released; the option ends the search there."""
    model = build()
    head = model.sam.mask_decoder.pred_obj_score_head.proj_out
    with torch.no_grad():
        head.bias -= 50
    steps = []
    session = model.session_class
    original = session.plan
    try:
        session.plan = lambda self, row, grounded: (
            steps.append(row) or original(self, row, grounded)
        )
        assert not model.segment(video, SENTENCE).found and steps == [0]
        model.config.presence_threshold = 0.5
        assert not model.segment(video, SENTENCE).found and steps == [0]
    finally:
        session.plan = original


@pytest.mark.parametrize("gate", [True, False])
def test_an_absent_target_is_not_found(build, video, gate):
    model = build(gate=gate, presence_threshold=0.5)
    with torch.no_grad():
        model.sam.mask_decoder.pred_obj_score_head.proj_out.bias -= 50
    prediction = model.segment(video, SENTENCE)
    assert not prediction.found and not prediction.moment and prediction.presence < 0.5
    assert not masks(prediction).any() and max(prediction.relevance) < 0.5
    model.config.presence_threshold = 0.0
    assert not model.segment(video, SENTENCE).found or not gate


def test_presence_below_the_threshold_is_not_found(switched, video):
    prediction = switched(presence_threshold=1.1).segment(video, SENTENCE)
    assert not prediction.found and prediction.presence > 0.5


def test_questions_are_answered_in_words(mini, video, frames):
    assert isinstance(mini.ask(video, "What is this?"), str)
    assert isinstance(mini.ask(ArrayVideo(frames[:1], 8.0), "What is this?"), str)


@pytest.mark.parametrize("sentence", ["", "  ", "x" * 2001])
def test_sentences_have_words_and_an_end(mini, video, sentence):
    for ask in (mini.segment, mini.ground, mini.ask):
        with pytest.raises(SentenceError):
            ask(video, sentence)


@torch.no_grad()
def test_the_reader_gives_every_frame_in_any_order_and_stays_small(mini, video, frames):
    wanted = encode(mini.sam, to_input(frames, 64)[0])
    reader = FeatureCache(mini.sam, video, mode="pad", budget=0)
    for numbers in ([3, 9, 17], *([k] for k in range(20)), *([k] for k in reversed(range(20)))):
        got = reader(numbers)
        for level, truth in zip(got.levels, wanted.levels, strict=True):
            torch.testing.assert_close(level, truth[numbers], atol=1e-4, rtol=1e-3)
        assert len(reader) <= 8


def test_edges_are_followed_after_memory(switched, video):
    plain, edged = (
        switched(gate=False, guided_radius=radius).segment(video, SENTENCE) for radius in (0, 2)
    )
    assert plain.scores == edged.scores
    assert 0.5 < (masks(plain) == masks(edged)).mean() < 1


def test_frames_may_agree_on_what_is_meant(switched, video):
    progress = []
    model = switched(selection=SelectionConfig(max_tracks=3), guided_radius=2)
    prediction = model.segment(video, SENTENCE, progress=lambda *row: progress.append(row))
    assert prediction.found and masks(prediction).any()
    done = [frames for stage, frames, _ in progress if stage == "segmenting"]
    assert done == sorted(done)
    assert prediction.moment == Moment.from_flags(masks(prediction).any((1, 2)))
    assert model.segment(video, SENTENCE, Moment([(4, 12)])).moment == Moment([(4, 12)])


def test_tracks_may_be_scored_by_a_selector(switched, video):
    torch.manual_seed(0)
    model = switched(selection=SelectionConfig(max_tracks=3, presence_threshold=0.0))
    width = model.config.mllm_config.get_text_config().hidden_size
    model.selector = TrackSelector(2 * width).eval()
    try:
        selected = model.segment(video, SENTENCE)
        assert selected.found
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


def test_noun_prompts_are_those_of_seg(mini):
    text, mask = mini.encode_words(["the dog that jumps", "the dog"])
    assert text.shape[:2] == mask.shape and mask.sum(1)[0] > mask.sum(1)[1]
    prompts = mini.noun_prompts(["the dog", "the dog that jumps", "the dog"])
    assert prompts.shape == (3, mini.config.sam_config.vision_config.fpn_hidden_size)
    torch.testing.assert_close(prompts[0], prompts[2])
    assert not torch.allclose(prompts[0], prompts[1])
