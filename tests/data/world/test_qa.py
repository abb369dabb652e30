import re
from functools import cache

import numpy as np
import pytest

from momentvos.data.world import scene
from momentvos.data.world.answer import Facts
from momentvos.data.world.atlas import categories, category
from momentvos.data.world.grammar import FORMS, NUMBERS, PHRASES
from momentvos.data.world.motion import VERBS
from momentvos.data.world.qa import HALVES, qa_pairs
from momentvos.data.world.split import held_out

NUMBER = {"None": 0, "One": 1} | {word.capitalize(): count for count, word in NUMBERS.items()}
WHOLE = tuple(range(32))


@cache
def pairs(frames=WHOLE):
    return [
        (made, question, reply)
        for made in map(scene, range(30))
        for question, reply in qa_pairs(np.random.default_rng(made.seed), made, frames, 10)
    ]


def named(question):
    """The category a question names, in the singular or the plural."""
    words = f" {re.sub(r'[?]', '', question)} "
    found = [n for n in categories() if f" {n} " in words or f" {category(n).plural} " in words]
    return max(found, key=len) if found else None


def shown(made, name, frames=WHOLE):
    return [one for one in made.objects if one.category == name and one.visible[list(frames)].any()]


def test_the_same_questions_for_the_same_chance():
    made = scene(3)
    one, other = (qa_pairs(np.random.default_rng(5), made, WHOLE, 6) for _ in range(2))
    assert one == other and len(one) == 6 and len(dict(one)) == 6


def test_numbers_and_presence_are_true():
    counted = there = 0
    for made, question, reply in pairs():
        objects = shown(made, named(question))
        if question.startswith("How many"):
            assert NUMBER[reply.rstrip(".")] == len(objects)
            counted += 1
        if question.startswith(("Is there", "Can you see")):
            assert reply == ("Yes." if objects else "No.")
            there += 1
    assert counted > 20 and there > 20


def test_an_image_tells_of_its_own_frame_only():
    sides = 0
    for made, question, reply in pairs((7,)):
        objects = shown(made, named(question), (7,))
        if question.startswith("How many"):
            assert NUMBER[reply.rstrip(".")] == len(objects)
        if "side" in question or "left or right" in question:
            (one,) = objects
            assert reply == ("Left." if one.poses[7, 0] < 0.5 else "Right.")
            sides += 1
        assert "in the video" not in question and not question.startswith("When")
    assert sides > 5


def test_halves_are_true():
    seen = set()
    for made, question, reply in pairs():
        if reply not in HALVES:
            continue
        seen.add(reply)
        (number,) = (k for k, one in enumerate(made.objects) if one.category == named(question))
        half = range(16) if reply == HALVES[0] else range(16, 32)
        moving = [event for event, _ in Facts.of(made.objects).events[number]]
        assert any(event.first in half and event.last in half for event in moving)
    assert seen == set(HALVES)


def test_yes_and_no_are_balanced():
    replies = [reply for _, question, reply in pairs() if question.startswith(("Does", "Is it"))]
    assert len(replies) > 20 and 0.3 < replies.count("Yes.") / len(replies) < 0.7


@pytest.mark.parametrize("frames", [WHOLE, (7,)])
def test_train_never_names_a_pair_that_is_held_out(frames):
    def meant(question):
        for verb in VERBS:
            for words in PHRASES[verb]:
                base = " ".join(FORMS[w][0] if w in FORMS else w for w in words.split())
                if re.search(rf" {base}[?]$", question):
                    yield verb

    for _, question, _ in pairs(frames):
        name = named(question)
        if name and question.startswith(("Does", "Is it true", "When", "In which half")):
            verbs = list(meant(question))
            assert not verbs or not all(held_out(name, verb) for verb in verbs)
