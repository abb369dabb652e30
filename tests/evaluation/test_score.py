from dataclasses import dataclass

import numpy as np
import pytest

from momentvos.data.formats.mevis import read
from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError
from momentvos.evaluation.attributes import attributes
from momentvos.evaluation.footage import SampleVideo
from momentvos.evaluation.masks import score_masks
from momentvos.evaluation.metrics import Measurements, key
from momentvos.evaluation.outcome import Outcome
from momentvos.evaluation.score import score
from momentvos.masklet import Masklet
from momentvos.moment import Moment


@dataclass(frozen=True)
class Still(Sample):
    """Truth in memory that gives no more than one frame at a time."""

    truth: np.ndarray = None

    def frames(self, indices):
        return np.zeros((len(indices), *self.size, 3), np.uint8)

    def masks(self, indices):
        assert len(indices) == 1
        return self.truth[:, list(indices)]


@pytest.fixture
def still(blobs):
    rng = np.random.default_rng(1)
    truth = np.stack([[blobs(rng, (20, 30)) for _ in range(6)] for _ in range(2)])
    truth[:, 3] = False
    targets = (Target("a", Moment([(0, 1)])), Target("b", Moment([(4, 4)])))
    return Still("v", "0", "two things", "several", 6, (20, 30), 8.0, targets, truth)


def as_masklet(masks):
    masklet = Masklet(masks.shape[1:])
    for frame, mask in enumerate(masks):
        masklet.set(frame, mask)
    return masklet


def test_figures_are_those_of_all_frames_at_once(still, blobs):
    rng = np.random.default_rng(2)
    answer = np.stack([blobs(rng, (20, 30)) for _ in range(6)])
    answer[[1, 3]] = False
    scores = score_masks(still.truth.any(0), answer)
    row = score(still, as_masklet(answer))
    assert (row.j, row.f) == pytest.approx((scores.j.mean(), scores.f.mean()), abs=1e-12)
    assert row.inside == pytest.approx(scores.jf[[0, 1, 4]].mean(), abs=1e-12)
    assert row.outside == pytest.approx(scores.jf[[2, 3, 5]].mean(), abs=1e-12)
    assert row.found and row.target and row.tiou is None and row.top1 is None


def test_nothing_said_of_nothing_is_right(still):
    nothing = Still("v", "1", "no such thing", "none", 6, (20, 30), 8.0, (), None)
    row = score(nothing, Masklet((20, 30)))
    assert (row.j, row.f, row.target, row.found) == (1, 1, False, False)
    some = Masklet((20, 30))
    some.set(2, np.ones((20, 30), bool))
    assert score(nothing, some).j == pytest.approx(5 / 6) and score(nothing, some).inside is None


def test_a_full_frame_has_no_boundary_as_in_davis(still):
    full = Still(
        "v", "1", "all", "", 1, (8, 8), 8.0, still.targets[:1], np.ones((1, 1, 8, 8), bool)
    )
    row = score(full, Masklet((8, 8)))
    assert (row.j, row.f) == (0, 1)


def test_an_answer_of_another_size_is_refused(still):
    with pytest.raises(DataError, match="answer is 8 x 9 pixels, the video 'v' 30 x 20"):
        score(still, Masklet((9, 8)))


def test_the_moment_counts_only_where_it_is_the_answers_own(small_world, painter):
    samples = read(small_world())
    sample = next(one for one in samples if one.targets and one.moment)
    (answer,) = painter(samples).segment(SampleVideo(sample), [sample.sentence], [None])
    row = score(sample, answer)
    assert row.tiou == 1 and row.top1 is True and row.jf == 1
    assert score(sample, answer, moments=False).tiou is None


def test_a_breakdown_covers_every_expression_and_leaves_out_what_is_all_alike(still):
    from dataclasses import replace

    samples = [
        still,
        replace(still, expression_id="1", kind="motion", targets=still.targets[:1]),
        replace(still, expression_id="2", kind="none", targets=(), sentence="a b c d e f g h"),
    ]
    nothing = Masklet(still.size)
    rows = {key(one): score(one, nothing) for one in samples[:2]}
    found = Measurements(samples, rows)
    outcome = Outcome({"benchmark": "b"}, found, {key(samples[2]): "broken"})
    parts = outcome.breakdown()
    assert "frames of the video" not in parts
    assert list(parts["targets"]) == ["none", "one", "two"]
    assert list(parts["words of the sentence"]) == ["1 to 3", "8 to 15"]
    for values in parts.values():
        assert sum(score.scored for score in values.values()) == 2
    assert parts["kind"]["none"].expected == 1 and parts["kind"]["none"].scored == 0
    data = outcome.to_json()
    assert [one["error"] for one in data["expressions"]] == [None, None, "broken"]
    assert (data["scored"], data["expected"], data["failed"]) == (2, 3, 1)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(0, 0)], "less than a quarter"),
        ([(0, 1)], "a quarter to half"),
        ([(0, 2)], "half of it or more"),
        ([(0, 5)], "the whole video"),
    ],
)
def test_attributes_are_words(still, spans, said):
    from dataclasses import replace

    sample = replace(still, targets=(Target("a", Moment(spans)),))
    assert attributes(sample)["moment"] == said and attributes(sample)["spans of the moment"] == "1"
