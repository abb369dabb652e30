"""Moments written as text: the clock, the prompt, and what is done with an answer."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import ModelError
from momentvos.grounding import AnswerError, build
from momentvos.grounding.chrono.grounder import ChronoGrounder
from momentvos.grounding.chrono.model import load
from momentvos.grounding.chrono.timestamps import Timestamps
from momentvos.moment import Moment


@pytest.fixture(scope="module")
def chrono_folder(tmp_path_factory, vision, words):
    """A tiny random Chrono of the classes that the published backbone has."""
    from transformers import Blip2Config, Blip2ForConditionalGeneration, T5Config
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    from momentvos.text import train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(["the dog that jumps"], 400, 32)
    text = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2,
        pad_token_id=1, decoder_start_token_id=1, eos_token_id=2,
    )  # fmt: skip
    config = Blip2Config(
        vision_config=vision,
        qformer_config=words | {"encoder_hidden_size": 16},
        text_config=text.to_dict(),
        num_query_tokens=4,
        chrono={"unit": "frames", "frames": 6},
    )
    folder = tmp_path_factory.mktemp("weights") / "chrono"
    Blip2ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def chrono(chrono_folder):
    return load(chrono_folder, "cpu")


@st.composite
def clocks(draw, unit):
    length = draw(st.integers(1, 60))
    fps = draw(st.sampled_from([1.0, 3.7, 8.0, 30.0]))
    shown = sorted(draw(st.sets(st.integers(0, length - 1), min_size=1)))
    return Timestamps(unit, shown, [n / fps for n in range(length)], length / fps)


MOMENTS = st.lists(st.tuples(st.integers(0, 59), st.integers(0, 20)), max_size=4)


@given(clocks("frames") | clocks("seconds"), MOMENTS)
def test_what_is_written_can_be_read(clock, spans):
    length = len(clock.times)
    moment = Moment((start, start + more) for start, more in spans).clip(length)
    read = clock.parse(clock.format(moment))
    assert read is not None and read.clip(length) == read
    assert bool(read) == bool(moment)


@given(st.integers(1, 60), MOMENTS)
def test_frames_come_back_exactly_where_all_are_shown(length, spans):
    clock = Timestamps("frames", range(length), [n / 8 for n in range(length)], length / 8)
    moment = Moment((start, start + more) for start, more in spans).clip(length)
    assert clock.parse(clock.format(moment)) == moment


@given(st.integers(1, 20), st.integers(1, 5), st.data())
def test_whole_seconds_come_back_exactly(seconds, fps, data):
    length = seconds * fps
    clock = Timestamps("seconds", range(length), [n / fps for n in range(length)], float(seconds))
    start = data.draw(st.integers(0, seconds - 1))
    stop = data.draw(st.integers(start + 1, seconds))
    moment = Moment([(start * fps, stop * fps - 1)])
    assert clock.format(moment) == f"[[{start}, {stop}]]"
    assert clock.parse(clock.format(moment)) == moment


@given(clocks("frames") | clocks("seconds"), st.text(alphabet="[], .0123456789-as", max_size=20))
def test_any_answer_is_a_moment_of_the_video_or_none(clock, answer):
    read = clock.parse(answer)
    assert read is None or read.clip(len(clock.times)) == read


def test_shown_frames_stand_for_those_about_them():
    clock = Timestamps("frames", [2, 6, 10], [n / 4 for n in range(14)], 3.5)
    assert (clock.marks, clock.end) == ([0, 1, 2], 3)
    assert clock.parse("[[1, 1]]") == Moment([(5, 8)])
    assert clock.parse("[[0, 0], [2, 2]]") == Moment([(0, 4), (9, 13)])
    assert clock.format(Moment([(3, 5)])) == "[[0, 0]]"
    assert clock.format(Moment.empty()) == "[]" and clock.parse("[]") == Moment.empty()


@pytest.mark.parametrize(
    "answer", ["", "none", "[[0, 3]]", "[[2, 1]]", "[[0.5, 1]]", "[[0, 1]] and more", "[0, 1]"]
)
def test_what_is_no_list_of_windows_is_not_read(answer):
    assert Timestamps("frames", [2, 6, 10], [n / 4 for n in range(14)], 3.5).parse(answer) is None


@torch.no_grad()
def test_the_model_reads_frames_and_times_in_turn(chrono, clip):
    frames = [frame.rgb for frame in clip.read([3, 9])]
    seen = chrono.encode_frames(frames)
    clock = Timestamps("frames", [3, 9], clip.times, clip.duration)
    read = chrono.build_inputs(seen, clock, "the dog that jumps")
    embed = chrono.blip.get_input_embeddings()

    def words(text):
        ids = chrono.tokenizer(text, add_special_tokens=False)["input_ids"]
        return embed(torch.tensor(ids))

    start = torch.cat([seen[0], words("0>"), seen[1], words("1>"), words("2\n")])
    assert seen.shape == (2, 4, 16)
    assert torch.equal(read[0, : len(start)], start)
    assert torch.equal(read[0, -1], embed(torch.tensor(chrono.tokenizer.eos_token_id)))
    other = chrono.build_inputs(seen, clock, "the dog")
    assert other.shape[1] < read.shape[1]


@torch.no_grad()
def test_a_sentence_cannot_bring_special_tokens(chrono, clip):
    ids = chrono._ids("the dog</s> jumps", 32)
    assert chrono.tokenizer.eos_token_id not in ids.tolist()


def test_frames_are_seen_once_for_all_sentences(chrono, clip):
    calls = []
    hook = chrono.blip.vision_model.register_forward_hook(lambda *_: calls.append(1))
    ChronoGrounder("chrono", chrono, fallback="all").ground(clip, ["the dog", "jumps", "that"])
    hook.remove()
    assert len(calls) == 1


class Scripted:
    """A Chrono that says what it is told to."""

    unit, frames = "frames", 5

    def __init__(self, *answers):
        self.answers = iter(answers)

    def encode_frames(self, frames):
        return torch.zeros(len(frames), 1, 1)

    def build_inputs(self, seen, clock, sentence):
        return seen

    def generate(self, inputs):
        return next(self.answers)


def test_answers_become_moments(clip):
    chrono = Scripted("[[0, 1]]", "[]", "[[4, 4]]")
    inside = [Moment.all(20), Moment.all(20), Moment([(3, 7)])]
    found = ChronoGrounder("chrono", chrono).ground(clip, ["a", "b", "c"], inside)
    assert [one.moment.to_list() for one in found] == [[[0, 7]], [], [[7, 7]]]
    assert [one.answer for one in found] == ["[[0, 1]]", "[]", "[[4, 4]]"]
    assert found[0].relevance == (1.0,) * 8 + (0.0,) * 12


def test_nothing_may_be_chosen(clip):
    (found,) = ChronoGrounder("chrono", Scripted()).ground(clip, ["a"], [Moment.empty()])
    assert not found.found


def test_an_answer_that_cannot_be_read_is_an_error_or_what_was_asked_for(clip):
    with pytest.raises(AnswerError, match="answered 'never', which is not what it was asked for"):
        ChronoGrounder("chrono", Scripted("never")).ground(clip, ["a"])
    for fallback, moment in (("all", Moment.all(20)), ("none", Moment.empty())):
        (found,) = ChronoGrounder("c", Scripted("never"), fallback=fallback).ground(clip, ["a"])
        assert found.moment == moment and found.answer == "never"
        assert "could not be read" in found.notes[0]


def test_a_saved_folder_is_a_grounder(chrono_folder, clip):
    grounder = build(f"chrono={chrono_folder}~or-all", "cpu")
    (found,) = grounder.ground(clip, ["the dog that jumps"])
    assert found.answer is not None and len(found.relevance) == 20


def test_other_models_are_refused_with_advice(clip_folder, blip2_folder, chrono_folder):
    with pytest.raises(ModelError, match="'clip', not 'blip-2'"):
        load(clip_folder, "cpu")
    with pytest.raises(ModelError, match="There is no folder"):
        load("./nowhere", "cpu")
    with pytest.raises(ModelError, match="train-grounder"):
        build("chrono")


def test_a_plain_blip2_is_no_chrono_yet(chrono_folder, tmp_path):
    import shutil

    plain = tmp_path / "plain"
    shutil.copytree(chrono_folder, plain)
    chrono = load(plain, "cpu")
    del chrono.blip.config.chrono
    chrono.save_pretrained(plain)
    with pytest.raises(ModelError, match="no Chrono yet"):
        load(plain, "cpu")
    started = load(plain, "cpu", start=("seconds", 40))
    assert (started.unit, started.frames) == ("seconds", 40)
