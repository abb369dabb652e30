"""The expression of what a question is about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import scene
from momentvos.data.world.qa import qa_pairs
from momentvos.text import nouns
from momentvos.text.question import ALL, asked_about


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("How many dogs are there?", "dogs"),
        ("how many dogs can you see", "dogs"),
        ("How many people walk to the left?", "people that walk to the left"),
        ("Is there an owl?", "an owl"),
        ("Are there any cats?", "cats"),
        ("Is there a dog that jumps?", "a dog that jumps"),
        ("Can you see the two cats that sleep?", "the two cats that sleep"),
        ("What colour is the giraffe?", "the giraffe"),
        ("Which colour has the giraffe?", "the giraffe"),
        ("Where is the cat?", "the cat"),
        ("What is the dog doing?", "the dog"),
        ("What does the dog do?", "the dog"),
        ("What jumps in the video?", "the thing that jumps"),
        ("Which thing moves to the left?", "the thing that moves to the left"),
        ("Which dog is jumping?", "the dog that is jumping"),
        ("Who runs after the ball?", "the one that runs after the ball"),
        ("Does the dog move to the left?", "the dog that moves to the left"),
        ("Do the two dogs jump?", "the two dogs that jump"),
        ("Did the man fall?", "the man that falls"),
        ("Has the horse jumped?", "the horse that has jumped"),
        ("Is the red toy car jumping?", "the red toy car that is jumping"),
        ("Is it true that the dog can be seen to jump?", "the dog that jumps"),
        ("When does the carrot grow larger?", "the carrot that grows larger"),
        ("In which half does the dog carry the ball?", "the dog that carries the ball"),
        ("Why does the woman open the door?", "the woman that opens the door"),
        ("What colour is the car that turns left?", "the car that turns left"),
        ("What is there?", ALL),
        ("Which things are shown?", ALL),
        ("What can you see?", ALL),
        ("the dog that jumps", "the dog that jumps"),
        ("?", ""),
    ],
)
def test_what_questions_are_about(question, expression):
    assert asked_about(question) == expression


@pytest.mark.parametrize("number", range(5))
def test_questions_about_scenes_name_what_they_are_about(number):
    made = scene(number, "val")
    names = {one.category for one in made.objects}
    pairs = qa_pairs(np.random.default_rng(number), made, tuple(range(made.length)), 40)
    for question, _ in pairs:
        words = question.rstrip("?").split()
        named = names & set(words)
        subject = nouns(asked_about(question)).subject
        assert not named or subject.split()[-1] in named, (question, subject)


@given(st.text(max_size=60))
def test_any_text_has_an_expression_in_lower_case(text):
    made = asked_about(text)
    assert made == made.strip().lower()
