"""Moments as people write them, and the unit in which they were read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import MomentError
from momentvos.moment import Moment
from momentvos.timecode import unit

AT_25 = [frame / 25 for frame in range(250)]
NTSC = 30000 / 1001
AT_2997 = [frame / NTSC for frame in range(20_000)]


@pytest.mark.parametrize(
    ("text", "span", "read_as"),
    [
        ("1.5-2", (37, 49), "seconds"),
        ("3-5", (75, 124), "seconds"),
        ("1s-2.5s", (25, 62), "seconds"),
        ("1S - 2 sec", (25, 49), "seconds"),
        ("1s–2s", (25, 49), "seconds"),
        ("1s to 2s", (25, 49), "seconds"),
        ("500ms-1s", (12, 24), "seconds"),
        ("0m1s-0m2s", (25, 49), "seconds"),
        ("0h0m1.5s-0h0m2s", (37, 49), "seconds"),
        ("00:01-00:02", (25, 49), "clock time, MM:SS"),
        ("0:01.5-0:02", (37, 49), "clock time, MM:SS"),
        ("00:00:01.500-00:00:02.000", (37, 49), "clock time, HH:MM:SS"),
        ("00:00:01,500 --> 00:00:02,000", (37, 49), "clock time, HH:MM:SS"),
        ("00:01-2s", (25, 49), "clock time, MM:SS and seconds"),
        ("00:00:01:12-00:00:02:00", (37, 49), "timecode, HH:MM:SS:FF at 25 frames a second"),
        ("3s-", (75, 249), "seconds"),
        ("-3s", (0, 74), "seconds"),
        ("00:03-", (75, 249), "clock time, MM:SS"),
        ("-00:00:03:00", (0, 74), "timecode, HH:MM:SS:FF at 25 frames a second"),
        ("40:62", (40, 62), "frames"),
        ("0:3", (0, 3), "frames"),
        ("7", (7, 7), "frames"),
        ("all", (0, 249), "every frame"),
    ],
)
def test_a_form_and_its_unit(text, span, read_as):
    assert Moment.parse(text, AT_25, 25.0) == Moment([span])
    assert unit(text, 25.0) == read_as


def test_several_spans_may_have_a_unit_each():
    assert Moment.parse("0:3,1s-2s,00:03-00:04", AT_25) == Moment([(0, 3), (25, 49), (75, 99)])
    assert unit("0:3,1s-2s,00:03-00:04") == "frames and seconds and clock time, MM:SS"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,5-7,5", "two ways"),  # decimals by a comma, or frames and seconds
        ("00:01", "two ways"),  # frames, or a time
        ("1m-2", "without a unit"),
        ("1:30-45", "without a unit"),
        ("5s", "one time"),
        ("00:01:02", "one time"),
        ("40:62-80:95", "end at 59"),
        ("00:60:00-01:00:00", "end at 59"),
        ("00:00:01:25-00:00:02:00", "end at 24"),
        ("00:00:61:00-00:00:62:00", "end at 59"),
        ("00:00:01;12-00:00:02;00", "29.97 and 59.94"),
        ("40-62", "frames are written as 40:62"),
        ("5-3", "ends before"),
        ("00:00:02:00-00:00:02:00", "ends before"),
        ("10s-", "outside"),
        ("-0s", "outside"),
        ("3s--5s", "not a moment"),
        ("-", "not a moment"),
        ("--", "not a moment"),
        ("-3:4", "not a moment"),
        ("1h2-3", "not a moment"),
    ],
)
def test_what_is_refused_and_why(text, why):
    with pytest.raises(MomentError, match=why):
        Moment.parse(text, AT_25, 25.0)


def drop_frame(frame: int) -> str:
    """Drop-frame timecode at 29.97, by counting: two numbers are skipped in nine minutes of ten."""
    tens, rest = divmod(frame, 17982)
    number = frame + 18 * tens + (2 * ((rest - 2) // 1798) if rest >= 2 else 0)
    seconds, ff = divmod(number, 30)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02};{ff:02}"


@given(st.integers(0, 19_998), st.integers(1, 100))
def test_drop_frame_timecode_names_the_frame(start, length):
    end = min(start + length, 19_999)
    text = f"{drop_frame(start)}-{drop_frame(end)}"
    assert Moment.parse(text, AT_2997, NTSC) == Moment([(start, end - 1)])


def test_drop_frame_numbers_that_are_left_out():
    assert Moment.parse("00:00:59;29-00:01:00;02", AT_2997, NTSC) == Moment([(1799, 1799)])
    assert Moment.parse("00:10:00;00-00:10:00;01", AT_2997, NTSC) == Moment([(17982, 17982)])
    assert Moment.parse("00;01;00;02-00;01;01;00", AT_2997, NTSC) == Moment([(1800, 1827)])
    with pytest.raises(MomentError, match="does not exist"):
        Moment.parse("00:01:00;00-00:01:00;04", AT_2997, NTSC)
    assert "drop-frame timecode, HH:MM:SS;FF at 29.97" in unit("00:00:59;29-", NTSC)


@given(st.integers(0, 990), st.integers(1, 9), st.sampled_from([24000 / 1001, 24.0, 30.0, 59.94]))
def test_timecode_counts_frames_whatever_the_container_rounds(start, length, fps):
    """Matroska keeps milliseconds, of which none is a frame's exact time."""
    whole, times = round(fps), [round(frame / fps, 3) for frame in range(1000)]

    def code(frame):
        return f"00:{frame // whole // 60:02}:{frame // whole % 60:02}:{frame % whole:02}"

    text = f"{code(start)}-{code(start + length)}"
    assert Moment.parse(text, times, fps) == Moment([(start, start + length - 1)])


def test_timecode_of_an_odd_rate_is_refused():
    with pytest.raises(MomentError, match=r"12\.500"):
        Moment.parse("00:00:01:00-", [frame / 12.5 for frame in range(50)], 12.5)


@given(st.text("0123456789.:;-,smhto ", max_size=30))
def test_no_text_of_the_right_letters_raises_anything_else(text):
    try:
        Moment.parse(text, AT_25, 25.0)
    except MomentError as error:
        assert str(error).endswith(".")
