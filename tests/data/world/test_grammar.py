import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import WORDS
from momentvos.data.world.grammar import FORMS, PHRASES, TEMPLATES, Noun, say
from momentvos.data.world.motion import VERBS


def fixed_words(template):
    return set(re.findall(r"[a-z]+|,", re.sub(r"\{\w+\}", " ", template)))


@pytest.mark.parametrize("shape", TEMPLATES)
def test_templates_of_val_and_test_are_new(shape):
    train, val, test = (set(TEMPLATES[shape][split]) for split in ("train", "val", "test"))
    assert not train & val and not train & test and not val & test


def test_every_word_of_a_held_out_template_is_said_in_train():
    def said(*splits):
        return {
            word
            for shapes in TEMPLATES.values()
            for split in splits
            for template in shapes[split]
            for word in fixed_words(template)
        }

    assert said("val", "test") <= said("train")


def test_every_motion_can_be_said():
    assert PHRASES.keys() == set(VERBS)
    for phrases in PHRASES.values():
        assert len(phrases) == len(set(phrases)) >= 3
        assert all(phrase.split()[0] in FORMS for phrase in phrases)


def test_no_phrase_means_two_motions():
    said = [(phrase, verb) for verb, phrases in PHRASES.items() for phrase in phrases]
    assert len({phrase for phrase, _ in said}) == len(said)


def test_words_cover_every_sentence(everything):
    known = set(WORDS())
    for made in everything:
        for expression in made.expressions:
            spoken = re.findall(r"[a-z]+|[^a-z\s]", expression.sentence)
            assert set(spoken) <= known
            assert expression.sentence == expression.sentence.lower()


def test_words_are_few_and_sorted():
    words = WORDS()
    assert list(words) == sorted(set(words))
    assert 200 < len(words) < 400


def test_verbs_are_the_motion_words_of_the_sentence(everything):
    for made in everything:
        for expression in made.expressions:
            assert bool(expression.verbs) == bool(expression.motions)
            spoken = expression.sentence.replace(",", "").split()
            assert [word for word in spoken if word in expression.verbs] == list(expression.verbs)


@given(
    st.sampled_from(["one", "many", "sequence", "relation"]),
    st.sampled_from(["train", "val", "test"]),
    st.sampled_from([v for v in VERBS if v not in ("circle", "follow", "overtake")]),
    st.integers(0, 2**32),
)
def test_sentences_are_whole(shape, split, verb, seed):
    count = 2 if shape == "many" else 1
    sentence, verbs, template = say(
        np.random.default_rng(seed),
        split,
        shape,
        Noun("elephant"),
        (verb, "spin"),
        count,
        "the cat",
    )
    assert template in TEMPLATES[shape][split]
    assert "{" not in sentence and "  " not in sentence
    assert not re.search(r"\ba elephant", sentence)
    assert ("elephants" in sentence) == (shape == "many")
    assert verbs
