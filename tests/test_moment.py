import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import MomentError
from momentvos.moment import Moment

frames = st.sets(st.integers(0, 60))
LENGTH = 61


def moment(numbers):
    return Moment.from_frames(numbers)


@given(frames)
def test_spans_are_sorted_disjoint_and_apart(numbers):
    spans = moment(numbers).spans
    assert all(start <= end for start, end in spans)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(spans))
    assert moment(numbers).frames() == sorted(numbers)


@given(frames, frames)
def test_set_algebra_is_that_of_sets(one, two):
    assert moment(one) | moment(two) == moment(one | two)
    assert moment(one) & moment(two) == moment(one & two)
    assert moment(one) - moment(two) == moment(one - two)
    assert moment(one).complement(LENGTH) == moment(set(range(LENGTH)) - one)
    union = len(one | two)
    assert moment(one).iou(moment(two)) == (len(one & two) / union if union else 1.0)


@given(frames, st.integers(0, 70))
def test_flags_clip_and_contains_agree(numbers, length):
    found = moment(numbers)
    inside = {number for number in numbers if number < length}
    assert found.clip(length) == moment(inside)
    assert found.flags(length) == [number in numbers for number in range(length)]
    assert Moment.from_flags(found.flags(length)) == moment(inside)
    assert [number in found for number in range(70)] == [number in numbers for number in range(70)]
    assert len(found) == len(numbers) and bool(found) == bool(numbers)


@given(frames)
def test_list_and_back(numbers):
    assert Moment(moment(numbers).to_list()) == moment(numbers)


def test_whole_empty_and_foreign_members():
    assert Moment.all(3).spans == ((0, 2),)
    assert Moment.all(0) == Moment.empty() == Moment()
    assert "0" not in Moment.all(3) and 1.0 not in Moment.all(3)
    assert hash(Moment.all(3)) == hash(Moment([(0, 1), (2, 2)]))


@pytest.mark.parametrize(
    "spans", [[(2, 1)], [(-1, 3)], [(0.5, 3)], [(1,)], ["ab"], [7], [(True, 2)]]
)
def test_refuses_what_is_no_span(spans):
    with pytest.raises(MomentError):
        Moment(spans)


def test_seconds_run_to_the_end_of_the_last_frame():
    times = [0.0, 0.1, 0.4, 0.5]
    assert Moment([(0, 1), (3, 3)]).seconds(times) == [(0.0, 0.4), (0.5, pytest.approx(0.6))]
    assert Moment([(3, 3)]).seconds(times, [0.1, 0.3, 0.1, 2.0]) == [(0.5, 2.5)]
    assert Moment.empty().seconds([]) == []
    with pytest.raises(MomentError, match="frame 4"):
        Moment([(4, 4)]).seconds(times)


TIMES = [frame / 10 for frame in range(100)]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("all", [(0, 99)]),
        ("ALL", [(0, 99)]),
        ("40:62", [(40, 62)]),
        ("7", [(7, 7)]),
        ("3.2s-5.0s", [(32, 49)]),
        ("3.25s - 3.28s", [(32, 32)]),
        ("3-4s", [(30, 39)]),
        ("0s-10s", [(0, 99)]),
        (".5s-1.s", [(5, 9)]),
        ("0:3, 9.0s-9.5s,2:6", [(0, 6), (90, 94)]),
    ],
)
def test_parse(text, spans):
    assert Moment.parse(text, TIMES) == Moment(spans)


def test_parse_seconds_of_an_uneven_clock():
    assert Moment.parse("0.2s-0.6s", [0.0, 0.5, 0.6, 3.0]) == Moment([(0, 1)])


@pytest.mark.parametrize("text", ["100:120", "99:100", "100", "12s-13s", "9s-20s", "10.0s-10.1s"])
def test_parse_refuses_what_lies_outside(text):
    with pytest.raises(MomentError, match="outside the video"):
        Moment.parse(text, TIMES)


@pytest.mark.parametrize(
    "text", ["", "x", "5:3", "5s-3s", "5s-5s", "1:2:3", "-3:4", "1,", "nans-infs", "9" * 5000, "1s"]
)
def test_parse_refuses_what_is_no_moment(text):
    with pytest.raises(MomentError):
        Moment.parse(text, TIMES)


@given(st.text(max_size=30))
def test_parse_raises_nothing_but_its_own(text):
    with contextlib.suppress(MomentError):
        Moment.parse(text, TIMES)


@given(frames.filter(bool))
def test_seconds_read_back_as_the_same_frames(numbers):
    found = moment(numbers)
    text = ",".join(f"{a:.4f}s-{b:.4f}s" for a, b in found.seconds(TIMES))
    assert Moment.parse(text, TIMES) == found
