"""What an expression is about, and the other thing it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import scene
from momentvos.data.world.grammar import Noun
from momentvos.text import nouns


@pytest.mark.parametrize(
    ("text", "subject", "other"),
    [
        ("dog", "dog", None),
        ("the leftmost sheep", "leftmost sheep", None),
        ("find the small blue dog that jumps up in the video", "small blue dog", None),
        ("show me the two cats sliding to the left", "cats", None),
        ("two cats to the left of the sofa", "cats", "sofa"),
        ("the dog that is red", "red dog", None),
        ("the bees that are big", "big bees", None),
        ("the person who is tall and thin is running", "tall thin person", None),
        ("the dog that jumps, then follows the orange cat", "dog", "orange cat"),
        ("a fox circling around another fox in the video", "fox", "fox"),
        ("a man in a red shirt walking past a car", "man", "red shirt"),
        ("the one that is a dog", "the one that is a dog", None),
        ("?", "?", None),
    ],
)
def test_nouns_of_expressions(text, subject, other):
    assert nouns(text) == (subject, other)


@pytest.mark.parametrize("world", ["v1", "v2"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_it_reads_what_momentworld_says(split, world):
    for seed in range(40):
        made = scene(seed, split, world)
        for one in made.expressions:
            noun = Noun(one.category, one.attribute)
            found = nouns(one.sentence)
            if one.template.startswith("which"):  # "which sheep jumps" may be about jumps
                continue
            assert found.subject in {noun.say(), noun.say(plural=True)}
            assert (found.other is None) == (not one.others)
            fits = {made.objects[number].category for number in one.others}
            assert found.other is None or found.other.split()[-1] in fits


@given(st.text(max_size=80))
def test_any_text_has_a_subject(text):
    subject, other = nouns(text)
    assert bool(subject.strip()) == bool(text.strip())
    assert other is None or other.strip()
