"""How many things an expression means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import scene
from momentvos.text import Number, normalise, number

ANY, ONE, SEVERAL = Number(), Number(1, 1), Number(2)


def exactly(count):
    return Number(count, count)


@pytest.mark.parametrize(
    ("sentence", "means"),
    [
        ("a cat", ONE),
        ("dog", ONE),
        ("the cat that jumps, then turns back", ONE),
        ("the only truck", ONE),
        ("that dog moving left", ONE),
        ("the running dog", ONE),
        ("the black and white cat on the left", ONE),
        ("the person in red jumping over two boxes", ONE),
        ("please show me the second dog from the left", ONE),
        ("the dog's tail", ONE),
        ("one of the dogs that jump", ONE),
        ("someone", ONE),
        ("lions", SEVERAL),
        ("all cats that jump", SEVERAL),
        ("both of the cars", SEVERAL),
        ("find the birds on the wire", SEVERAL),
        ("the children playing with the dog", SEVERAL),
        ("the man and the woman walking", SEVERAL),
        ("the two cats and the dog", SEVERAL),
        ("the two cats which are leaping", exactly(2)),
        ("all three elephants", exactly(3)),
        ("the 12 people", exactly(12)),
        ("two of the dogs that jump", exactly(2)),
        ("a pair of dogs running", ANY),
        ("a flock of birds", ANY),
        ("two groups of people", ANY),
        ("which of the dogs jumps", ANY),
        ("a dog or cat", ANY),
        ("where is it", ANY),
        ("jumping", ANY),
    ],
)
def test_what_articles_numerals_and_endings_say(sentence, means):
    assert number(sentence) == means


@pytest.mark.parametrize(
    ("sentence", "means"),
    [
        ("the sheep that is jumping", ONE),
        ("the sheep that first jumps and then spins", ONE),
        ("the bus moving", ONE),
        ("the lens that has turned", ONE),
        ("the sheep that are jumping", SEVERAL),
        ("the sheep which get smaller", SEVERAL),
        ("the sheep jumping", ANY),
        ("the glasses on the table", ANY),
        ("the dog the cats chase", ONE),
    ],
)
def test_the_verb_tells_where_the_noun_does_not(sentence, means):
    assert number(sentence) == means


STRANGE = ["?", "0 dogs", "the", "and and", "- -", "99999 dogs", "the,", "² cats", "٣ cats"]


@pytest.mark.parametrize("sentence", STRANGE)
def test_strange_sentences_are_read_without_complaint(sentence):
    assert number(sentence).least >= 1


WORDS = (
    "the",
    "a",
    "two",
    "7",
    "1",
    "²",
    "٣",
    "dog",
    "and",
    "that",
    "jumps",
    "all",
    ",",
    "-",
    "'s",
)


@given(st.lists(st.sampled_from(WORDS)))
def test_any_text_has_a_number(words):
    least, most = number(" ".join(words))
    assert most is None or 1 <= least <= most


@pytest.mark.parametrize("world", ["v1", "v2"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_it_agrees_with_what_momentworld_means(split, world):
    made = [scene(seed, split, world) for seed in range(30)]
    said = [one for each in made for one in each.expressions if one.targets]
    for one in said:
        least, most = number(normalise(one.sentence))
        assert least <= len(one.targets) <= (most or len(one.targets)), one.sentence
    known = [one for one in said if number(normalise(one.sentence)) != ANY]
    assert len(known) > 0.9 * len(said)
