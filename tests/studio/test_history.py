"""Histories: undo and redo lead back and forth, and a fold gives the present."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.errors import ArgumentError
from momentvos.moment import Moment
from momentvos.studio import changes as c
from momentvos.studio.content import Annotation, Corrections, Scene
from momentvos.studio.history import History, fold

LENGTH = 30
SCENE = Scene(LENGTH, frozenset("abc"))
frames = st.integers(0, LENGTH + 2)
span = st.tuples(frames, frames).map(lambda pair: tuple(sorted(pair)))
name = st.sampled_from(["a", "b", "c", "", "z"])
change = st.one_of(
    st.builds(c.Spans, object=name, spans=st.lists(span, max_size=3)),
    st.builds(c.Mark, object=name, span=span),
    st.builds(c.Erase, object=name, span=span),
    st.builds(c.AddObject, object=name, spans=st.lists(span, max_size=2)),
    st.builds(c.RemoveObject, object=name),
    st.builds(c.Take, moments=st.dictionaries(name, st.lists(span, max_size=2), max_size=3)),
    st.builds(c.Unusable, reason=st.just("no mask")),
    *(st.builds(one) for one in (c.Submit, c.Reopen, c.Undo, c.Redo, c.Undo)),
)
correction = st.one_of(
    st.builds(c.Swap, first=name, second=name, spans=st.lists(span, max_size=2)),
    st.builds(c.NewObject, object=st.sampled_from("abxyz")),
    st.builds(c.Undo),
    st.builds(c.Redo),
)
START = Annotation({"a": Moment([(0, 4)])})


def walk(start, tried):
    """Every state of a history of the changes that fit, and these."""
    states, stood = [History(start)], []
    for one in tried:
        try:
            states.append(states[-1].after(one, SCENE))
        except ArgumentError as error:
            assert str(error).endswith(".")
        else:
            stood.append(one)
    return states, stood


@settings(deadline=None, max_examples=150)
@given(st.lists(change, max_size=25))
def test_a_fold_of_the_stored_changes_is_the_present(tried):
    states, stood = walk(START, tried)
    stored = [c.annotation_change(one.model_dump(mode="json")) for one in stood]
    assert stored == stood
    assert fold(START, stored, SCENE) == states[-1]
    assert states[-1].version == len(stood)
    now = states[-1].present
    assert Annotation.from_json(now.to_json()) == now
    assert set(now.moments) <= SCENE.objects | {""}
    assert all(max(one.frames(), default=0) < LENGTH for one in now.moments.values())


@settings(deadline=None, max_examples=100)
@given(st.lists(change, max_size=20))
def test_undo_goes_back_through_every_change_and_redo_returns(tried):
    states, _ = walk(START, tried)
    last = here = states[-1]
    for _ in last.past:
        back = here.after(c.Undo(), SCENE)
        assert back.after(c.Redo(), SCENE).present == here.present
        here = back
    assert here.present == START
    with pytest.raises(ArgumentError, match="nothing to undo"):
        here.after(c.Undo(), SCENE)
    for _ in last.past:
        here = here.after(c.Redo(), SCENE)
    assert here.present == last.present


@settings(deadline=None, max_examples=100)
@given(st.lists(correction, max_size=15))
def test_corrections_give_each_mask_to_exactly_one_object(tried):
    states, stood = walk(Corrections(), tried)
    stored = [c.video_change(one.model_dump(mode="json")) for one in stood]
    now = fold(Corrections(), stored, SCENE).present
    assert now == states[-1].present == Corrections.from_json(now.to_json())
    names = [*"abc", *now.added]
    for frame in range(LENGTH):
        assert sorted(now.source(one, frame) for one in names) == sorted(names)


def test_a_swap_is_of_its_frames_alone_and_later_ones_act_on_what_earlier_left():
    made = Corrections()
    for one in (
        c.Swap(first="a", second="b", spans=[(3, 9)]),
        c.Swap(first="b", second="c", spans=[(5, 6)]),
    ):
        made = made.after(one, SCENE)
    assert [made.source("a", frame) for frame in (2, 3, 5, 9, 10)] == ["a", "b", "b", "b", "a"]
    assert [made.source("b", frame) for frame in (2, 3, 5, 9, 10)] == ["b", "a", "c", "a", "b"]
    assert [made.source("c", frame) for frame in (3, 5)] == ["c", "a"]


def test_what_was_handed_in_changes_only_after_it_is_reopened():
    done = START.after(c.Submit(), SCENE)
    with pytest.raises(ArgumentError, match="reopen"):
        done.after(c.Mark(object="a", span=(7, 8)), SCENE)
    again = done.after(c.Reopen(), SCENE).after(c.Mark(object="a", span=(5, 6)), SCENE)
    assert again.moments == {"a": Moment([(0, 6)])}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (c.Mark(object="b", span=(1, 2)), "add it first"),
        (c.Mark(object="a", span=(1, LENGTH)), "frames 0 to 29"),
        (c.AddObject(object="z"), "no object 'z'"),
        (c.AddObject(object="a"), "there already"),
        (c.RemoveObject(object="b"), "none of this expression"),
        (c.Reopen(), "draft already"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(wrong, words):
    with pytest.raises(ArgumentError, match=words):
        START.after(wrong, SCENE)
