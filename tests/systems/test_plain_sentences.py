"""Bundled models read sentences without decoration; a converted one reads what is asked."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.errors import SentenceError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.registry import system, systems

MINIS = ("tgl-mini", "momentseg-mini", "vrshq-mini")


@pytest.fixture(scope="module")
def clip():
    made = scene(1, "test")
    frames, _ = render(made, range(6), 128)
    noun = made.expressions[0].category
    return ArrayVideo(np.ascontiguousarray(frames), made.fps), f"the {noun}"


@pytest.mark.parametrize("name", MINIS)
def test_decoration_changes_nothing_but_the_notes(name, clip):
    video, sentence = clip
    model = momentvos.load(name, device="cpu")
    decorated = [f"{sentence}!!", f" “{sentence}”…  ", f"{sentence} \N{TURTLE}"]
    bare, *answers = model.segment(video, [sentence, *decorated])
    assert [answer.sentence for answer in answers] == decorated
    for answer in answers:
        assert answer.relevance == pytest.approx(bare.relevance, abs=1e-5)
        assert (answer.found, answer.moment) == (bare.found, bare.moment)
        assert {*answer.notes} == {*bare.notes, f"the sentence was read as “{sentence}”"}
    noted = model.groundings(video, decorated[:1])[0].notes
    assert f"the sentence was read as “{sentence}”" in noted
    with pytest.raises(SentenceError, match="no word"):
        model.segment(video, "!!!")


@pytest.mark.parametrize("name", MINIS)
def test_without_the_option_the_text_is_what_is_asked(name, clip):
    video, sentence = clip
    model = momentvos.load(name, device="cpu")
    model.config.plain_sentences = False
    answer = model.segment(video, f"{sentence} !!")
    assert answer.sentence == f"{sentence} !!"
    assert not any("was read as" in note for note in answer.notes)
    assert answer.relevance != model.segment(video, sentence).relevance


def test_the_option_is_off_unless_a_model_says_so():
    assert not any(system(kind).config_class().plain_sentences for kind in systems())


@pytest.mark.parametrize("name", MINIS)
@pytest.mark.parametrize(
    ("sentence", "problem"), [(" ", "empty"), ("dog " * 201, "201 words"), ("a" * 2001, "2001")]
)
def test_every_system_has_the_same_limits(name, sentence, problem, clip):
    model = momentvos.load(name, device="cpu")
    with pytest.raises(SentenceError, match=problem):
        model.segment(clip[0], sentence)
