"""What most annotators say, against counting by frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.moment import Moment
from momentvos.studio import changes as c
from momentvos.studio.content import Annotation
from momentvos.studio.majority import majority, most

LENGTH = 20
moment = st.sets(st.integers(0, LENGTH - 1)).map(lambda frames: Moment([(k, k) for k in frames]))


@given(st.lists(moment, min_size=1, max_size=7))
def test_a_frame_is_in_where_more_than_half_have_it(moments):
    counted = [k for k in range(LENGTH) if sum(k in one for one in moments) > len(moments) / 2]
    assert most(moments).frames() == counted


def said(state="submitted", reason="", **moments):
    return Annotation({name: Moment(spans) for name, spans in moments.items()}, state, reason)


def test_of_two_it_is_what_both_say():
    made = majority([said(a=[(0, 5)], b=[(0, 1)]), said(a=[(3, 9)])])
    assert made == said(a=[(3, 5)])


def test_of_three_one_who_errs_is_outvoted():
    made = majority([said(a=[(0, 5)]), said(a=[(1, 6)]), said(a=[(12, 14)], b=[(0, 9)])])
    assert made == said(a=[(1, 5)])


def test_an_object_of_most_that_one_lacks_is_never_there_for_that_one():
    made = majority([said(a=[(0, 5)]), said(a=[(4, 9)]), said(b=[(0, 9)])])
    assert made == said(a=[(4, 5)])


def test_drafts_have_no_voice_and_nobody_says_nothing():
    assert majority([said("draft", a=[(0, 5)])]) is None
    assert majority([]) is None
    assert majority([said("draft", a=[(0, 9)]), said(a=[(2, 3)])]) == said(a=[(2, 3)])


def test_unusable_is_a_vote_too():
    dark, cut = said("unusable", "dark"), said("unusable", "cut")
    two = [said(a=[(0, 5)]), said(a=[(1, 6)])]
    assert majority([*two, dark]) == said(a=[(1, 5)])
    assert majority([two[0], dark, cut, dark]) == said("unusable", "dark; cut", a=[(0, 5)])


@pytest.fixture
def three(studio, data_sets, tmp_path):
    """A project whose sentence "both" about the cats has three annotators."""
    project = studio.load(data_sets.mevis(tmp_path / "in"), wanted=3)
    both = studio.ids(project)["cats", "1"]
    for name, spans in (("bo", [(0, 3)]), ("cy", [(1, 4)]), ("di", [(5, 5)])):
        studio.projects.assign(project, [both], name, "ada", blank=True)
        changes = [c.Spans(object="0", spans=spans), c.Spans(object="1", spans=[(1, 2)])]
        studio.say(studio.mine(both, name), *changes, c.Submit())
    return project, both


def test_what_counts_of_three_is_what_most_say(studio, three, tmp_path):
    from momentvos.studio.snapshot import take

    project, both = three
    assert studio.status(both)[0] == "disputed"
    films = take(studio.database, project).films
    (result,) = [one for one in films[0].results if one.name == "1"]
    assert dict(result.answer.moments) == {"0": Moment([(1, 3)]), "1": Moment([(1, 2)])}
    assert result.authors == ("bo", "cy", "di")
    start = studio.items.decide(both, "rae")
    assert start["moments"][0] == {"object": "0", "spans": [[1, 3]]}
    studio.say(start["id"], c.Spans(object="0", spans=[(0, 0)]), c.Submit())
    films = take(studio.database, project).films
    (result,) = [one for one in films[0].results if one.name == "1"]
    assert dict(result.answer.moments)["0"] == Moment([(0, 0)])
