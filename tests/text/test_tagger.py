import re
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import scene
from momentvos.errors import ModelError
from momentvos.text import tagger

SENTENCES = """
the dog that [jumps], then [turns] back
two cats that [spin]
dogs [run]
bird [flying] away from the cage
the bird that [flies] to the left of the white ducks
the white ducks [swimming] in the pond
The man who is [playing] basketball and [passes] the ball
a person [doing] jumps on the trampoline
the last sheep to [move] forward
The panda that [fell] down and [got] up again
the rabbit [jumping] out of the box and [running] away
the two cows that have not [moved]
the boat that [has] a white sail
the boat that has [turned] around
the elephant that did not [move]
the cat which doesn't [jump]
the bike ride in the park
a high jump by the man on the left
the cat that [left] the room
the car [turning] left at the building
the monkey [held] by another monkey
The lizards [crawling] slowly and [stopping] suddenly
the birds [fly] upwards
the girl in red [jumps] over the fence
The horse [rides] and the man [waves]
a duck on the wall
a fly
the long-haired dog [sits] down
fast-[moving] car
the man [wearing] a striped shirt [kicks] the ball
cats [playing] and [jumping] around the ceiling fan
the first turtle that [starts] to [move] to the right
The fish which [swims] to the surface after [eating] food
the person [holding] bats and balls
[jump] to the left then [jump] back
it's [running]
the bear [climbs] the tree
the plane that [takes] off
the dog that the man [holds]
the thing in the spring
The three rabbits [hop] away and [come] back
a cat and a dog [run] side by side
which car [overtakes] the truck?
find the bear that [sleeps]
show me the swing that [swings]
can you please locate the trains that [become] smaller
the dog that [zorps] the ball
the dog [zorping] and [zorped]
"""


def marked(text, spans):
    return [text[start:stop] for start, stop in spans]


@pytest.mark.parametrize("line", SENTENCES.strip().splitlines())
def test_verbs_of_motion_expressions(line):
    text = line.replace("[", "").replace("]", "")
    assert marked(text, tagger("rules")(text)) == re.findall(r"\[([^\]]+)\]", line)


@pytest.mark.parametrize("world", ["v1", "v2"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_verbs_of_the_world(split, world):
    find = tagger("rules")
    for seed in range(12):
        for expression in scene(seed, split, world).expressions:
            assert marked(expression.sentence, find(expression.sentence)) == list(expression.verbs)


@given(st.text(max_size=60))
def test_any_text_gives_spans_in_order(text):
    spans = tagger("rules")(text)
    flat = [place for span in spans for place in span]
    assert flat == sorted(set(flat)) and all(0 <= place <= len(text) for place in flat)


def test_spacy_when_it_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    from momentvos.text.tagger import _pipeline

    _pipeline.cache_clear()
    with pytest.raises(ModelError, match="pip install spacy"):
        tagger("spacy")


def test_spacy_when_it_is_there(monkeypatch):
    from momentvos.text.tagger import _pipeline, _spacy_spans

    def pipeline(text):
        for match in re.finditer(r"\S+", text):
            pos = {"is": "AUX", "running": "VERB"}.get(match[0], "NOUN")
            yield SimpleNamespace(idx=match.start(), text=match[0], pos_=pos)

    fake = SimpleNamespace(load=lambda name, **options: pipeline)
    monkeypatch.setitem(sys.modules, "spacy", fake)
    _pipeline.cache_clear()
    _spacy_spans.cache_clear()
    try:
        assert tagger("spacy")("the dog is running") == ((11, 18),)
    finally:
        _pipeline.cache_clear()
        _spacy_spans.cache_clear()


def test_an_unknown_tagger():
    with pytest.raises(ValueError, match="'rules' or 'spacy'"):
        tagger("nltk")
