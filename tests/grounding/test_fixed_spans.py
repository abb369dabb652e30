"""Grounders that look at no pixel, their combination, and annotation files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import DataError, ModelError, MomentError
from momentvos.grounding import build
from momentvos.grounding.fixed_spans import Everything, FixedSpans, Oracle, Uniform
from momentvos.grounding.hybrid import Hybrid
from momentvos.moment import Moment

SENTENCES = ["the dog that jumps", "the cat"]


def test_all_is_every_frame(clip):
    for answer in build("all").ground(clip, SENTENCES):
        assert answer.moment == Moment.all(20)
        assert answer.relevance == (1.0,) * 20
        assert answer.frames == (2, 7, 12, 17)


def test_told_moments_may_be_seconds_or_frames(clip):
    (answer,) = build("0.5s-1s,10:11").ground(clip, SENTENCES[:1])
    assert answer.moment == Moment([(4, 7), (10, 11)])
    assert answer.grounder == "0.5s-1s,10:11"
    with pytest.raises(MomentError, match="outside"):
        build("40:62").ground(clip, SENTENCES)


@given(st.lists(st.booleans(), min_size=20, max_size=20), st.integers(1, 30))
def test_uniform_stays_inside(clip, flags, k):
    inside = Moment.from_flags(flags)
    (answer,) = Uniform(k).ground(clip, ["dog"], [inside])
    assert not answer.moment - inside
    assert len(answer.moment) == min(k, len(inside))


def test_a_hybrid_chooses_inside_each_sentences_own_span(clip):
    spans = [Moment([(2, 9)]), Moment.empty()]
    grounder = Hybrid(Oracle(lambda video, sentences: spans), Uniform(2))
    assert grounder.name == "oracle+uniform:2"
    first, second = grounder.ground(clip, SENTENCES)
    assert first.moment == Moment.from_frames([4, 8])
    assert first.grounder == second.grounder == grounder.name
    assert not second.found


def test_hybrids_may_be_longer_than_two(clip):
    (answer,) = build("2:15+all+uniform:2", "cpu").ground(clip, ["dog"])
    assert not answer.moment - Moment([(2, 15)])


def test_oracle_from_a_file_in_mevis_layout(clip, tmp_path):
    expressions = {
        "0": {"exp": "The  dog that jumps", "moments": {"4": [[0, 3]], "7": [[2, 6], [15, 40]]}},
        "1": {"exp": "the cat", "moments": []},
        "2": {"exp": "the bird"},
    }
    path = tmp_path / "meta.json"
    path.write_text(json.dumps({"videos": {"clip": {"expressions": expressions}}}))
    oracle = build(f"oracle={path}")
    first, second = oracle.ground(clip, SENTENCES)
    assert first.moment == Moment([(0, 6), (15, 19)])
    assert not second.found
    with pytest.raises(DataError, match="'the bird' has no annotated moment"):
        oracle.ground(clip, ["the bird"])


def test_oracle_from_a_moment_per_sentence(clip, tmp_path):
    path = tmp_path / "moments.json"
    path.write_text(json.dumps({"moments": {"the dog": "0.5s-1s", "the cat": [[1, 2]]}}))
    first, second = build(f"oracle={path}").ground(clip, ["The dog", "the cat"])
    assert first.moment == Moment([(4, 7)])
    assert second.moment == Moment([(1, 2)])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "not a JSON file"),
        ("[]", "not a JSON object"),
        ("{}", "holds no annotated moments"),
        ('{"videos": {"other": {}}}', "is not annotated"),
        ('{"videos": {"clip": 3}}', "is malformed"),
        ('{"moments": {"the dog": [[3, 1]]}}', "not in order"),
        ('{"moments": {"the dog": 3}}', "is not a list"),
        ('{"moments": {"the dogs": [[1, 2]]}}', "is it 'the dogs'"),
    ],
)
def test_says_what_is_wrong_with_an_annotation(clip, tmp_path, content, said):
    path = tmp_path / "moments.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=said):
        build(f"oracle={path}").ground(clip, ["the dog"])


def test_what_needs_more_than_its_name_says_so():
    with pytest.raises(ModelError, match=r"oracle=FILE\.json"):
        build("oracle")
    with pytest.raises(ModelError, match="needs a model beside it"):
        build("model")


def test_truth_may_come_from_elsewhere(clip):
    truth = [Moment([(1, 2)])]
    (answer,) = build("oracle+uniform:1", truth=lambda video, sentences: truth).ground(clip, ["x"])
    assert answer.moment == Moment([(2, 2)])


def test_a_model_may_ground_for_others(clip):
    answers = build("model+uniform:1", model=lambda part: FixedSpans("4:9")).ground(clip, SENTENCES)
    assert [answer.moment for answer in answers] == [Moment([(7, 7)])] * 2
    assert Everything().name == "all"
