"""The K most relevant frames of a model's own curve."""

import pytest

from momentvos.errors import ModelError
from momentvos.grounding import build
from momentvos.grounding.model_grounder import ModelGrounder
from momentvos.moment import Moment

CURVE = [0.1, 0.9, 0.3, 0.8, 0.2, 0.3]


class Curve:
    """A model whose moment is what exceeds one half, unless its sentence is "nothing"."""

    def ground(self, video, sentence):
        moment = Moment.from_flags([one > 0.5 for one in CURVE])
        return CURVE, Moment.empty() if sentence == "nothing" else moment


def grounder(spec):
    return build(spec, "cpu", model=lambda part: ModelGrounder(Curve()))


@pytest.mark.parametrize(
    ("k", "frames"), [(1, (1,)), (2, (1, 3)), (4, (1, 3, 2, 5)), (9, (1, 3, 2, 5, 4, 0))]
)
def test_the_moment_is_the_k_most_relevant_frames(k, frames):
    (one,) = grounder(f"model:{k}").ground(range(6), ["a dog"])
    assert one.frames == frames and one.moment == Moment.from_frames(frames)
    assert one.relevance == tuple(CURVE) and one.grounder == f"model:{k}"


def test_nothing_stays_nothing():
    (one,) = grounder("model:2").ground(range(6), ["nothing"])
    assert not one.found and one.frames == ()


def test_only_frames_inside_are_chosen():
    (one,) = grounder("model:2").ground(range(6), ["a dog"], [Moment([(2, 4)])])
    assert one.frames == (3, 2)
    (one,) = grounder("2:4+model:9").ground(Timed(6), ["a dog"])
    assert one.frames == (3, 2, 4) and one.grounder == "2:4+model:9"


class Timed:
    """What a fixed moment asks of a video."""

    fps = 8.0

    def __init__(self, length):
        self.times = [frame / 8 for frame in range(length)]

    def __len__(self):
        return len(self.times)


def test_it_needs_a_model():
    with pytest.raises(ModelError, match="needs a model beside it"):
        build("model:2", "cpu")
