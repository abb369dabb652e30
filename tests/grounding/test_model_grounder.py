"""Any system's model as a grounder."""

from momentvos.grounding import build
from momentvos.grounding.model_grounder import ModelGrounder
from momentvos.moment import Moment


class Halves:
    """A model that finds the first half of every video, ever more surely."""

    def ground(self, video, sentence):
        length = len(video)
        return [frame / length for frame in range(length)], Moment.all(length // 2)


def test_answers_by_the_protocol():
    grounder = ModelGrounder(Halves())
    done = []
    first, second = grounder.ground(
        range(8), ["a", "b"], [Moment([(1, 2)]), Moment([(6, 7)])], lambda *at: done.append(at)
    )
    assert first.moment == Moment([(1, 2)])
    assert first.frames == (2, 1)
    assert first.relevance == (0, 0.125, 0.25, 0, 0, 0, 0, 0)
    assert not second.found
    assert done == [(1, 2), (2, 2)]


def test_a_model_that_grounds_all_sentences_at_once_is_asked_once():
    asked = []

    class Together(Halves):
        def groundings(self, *given, **options):
            asked.append((given, options))
            return ["answer"]

    assert ModelGrounder(Together()).ground(range(8), ["a"], None, print) == ["answer"]
    ModelGrounder(Together(), selection=False).ground(range(8), ["a"])
    assert asked == [
        ((range(8), ["a"], None, print), {}),
        ((range(8), ["a"], None, None), {"selection": False}),
    ]


def test_a_spec_names_another_model_and_may_ask_it_as_published():
    named = []

    def own(part):
        named.append(part.source)
        return ModelGrounder.of(part, Halves())

    assert build("model", model=own).selection is None
    assert build("model=other~published", model=own).selection is False
    assert named == [None, "other"]
