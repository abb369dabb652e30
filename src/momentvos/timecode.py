"""Spans of time as people write them, and in which unit: frames, seconds, clock time, timecode.

A dash (or "to") stands between two times, a colon between two frames: "1.5-2" are seconds and
"40:62" frames. Beside a dash, colons are those of a clock: "00:01-00:02". A time may be

    3.2s  3.2  500ms  1m30s  1h2m3s      seconds, with or without units
    01:30  1:30.250  00:01:30.250        [HH:]MM:SS[.mmm]
    00:01:30:12  00:01:30;12             HH:MM:SS:FF, and drop-frame at 29.97 or 59.94

and either one may be left out: "3s-" ends with the video, "-3s" begins with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from momentvos.errors import MomentError

EVERY, FRAMES, SECONDS = "every frame", "frames", "seconds"
HELP = (
    "write seconds like 3.2s-5.0s, clock times like 00:01-00:02.5, timecodes like "
    "00:00:01:12-00:00:02:00, frames like 40:62, or all"
)

_FRAMES = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)
_PADDED = re.compile(r"0\d{1,4}:\d{1,4}|\d{1,4}:0\d{1,4}", re.ASCII)
_DASH = re.compile(r"\s*(?:-+>|[-\u2010-\u2015\u2212]|\bto\b)\s*")
_NUMBER = r"(?:\d{1,9}(?:\.\d{0,12})?|\.\d{1,12})"
_BARE = re.compile(_NUMBER, re.ASCII)
_SECONDS = re.compile(rf"({_NUMBER})\s*(?:s|secs?|seconds?)", re.ASCII)
_UNITS = re.compile(
    rf"(?:(\d{{1,9}})\s*h)?\s*(?:(\d{{1,9}})\s*m(?:in)?)?\s*(?:({_NUMBER})\s*s)?"
    r"|(\d{1,12})\s*ms",
    re.ASCII,
)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,6}):(\d{2}(?:\.\d{0,12})?)", re.ASCII)
_TIMECODE = re.compile(r"(\d{1,4})[:;](\d{1,2})[:;](\d{1,2})([:;])(\d{1,3})", re.ASCII)
_SUBTITLE = re.compile(r"(?<![\d:])(\d{1,3}:\d{2}:\d{2}),(\d{3})(?!\d)", re.ASCII)
"""Times of subtitles (SRT), whose comma is a decimal point and parts no spans."""


@dataclass(frozen=True)
class SpanText:
    """One span as its text says it, before it is compared with a video.

    Attributes:
        text: as it was written.
        unit: how it was read, in words for people.
        frames: first and last frame, both included; None for times.
        start, end: seconds after the first frame; None: the video's own start or end.
        slack: seconds by which a frame's time may differ from what was written.
        bare: whether nothing but the dash says that these are seconds.
    """

    text: str
    unit: str
    frames: tuple[int, int] | None = None
    start: float | None = None
    end: float | None = None
    slack: float = 1e-6
    bare: bool = False


def spans(text: str, fps: float | None = None) -> list[SpanText]:
    """The spans of a text, joined by commas.

    fps: frames per second of the video, which timecodes (HH:MM:SS:FF) need.
    Raises MomentError for what is none, and for what can be read in two ways.
    """
    made = [_span(part.strip(), fps) for part in _SUBTITLE.sub(r"\1.\2", text).split(",")]
    bare = next((one for one in made if one.bare), None)
    if bare is not None and any(one.frames for one in made):
        raise MomentError(
            f"'{_short(text)}' can be read in two ways: write frames as 40:62 and seconds as "
            "3.2s-5.0s, with a point before decimals."
        )
    return made


def unit(text: str, fps: float | None = None) -> str:
    """How a text is read, in words: "seconds", "frames", "timecode at 25 frames a second"."""
    return " and ".join(dict.fromkeys(one.unit for one in spans(text, fps)))


def _span(part: str, fps: float | None) -> SpanText:
    if part.lower() == "all":
        return SpanText(part, EVERY)
    if _PADDED.fullmatch(part):
        raise MomentError(
            f"'{part}' can be read in two ways: write times as {part}-00:30, open ones as {part}-, "
            "and frames without zeros in front, like 0:1."
        )
    if match := _FRAMES.fullmatch(part):
        return SpanText(part, FRAMES, (int(match[1]), int(match[2] or match[1])))
    ends = _DASH.split(part.lower(), maxsplit=1)
    if len(ends) != 2 or not any(ends):
        raise MomentError(_no_moment(part, len(ends) == 1))
    times = [None if not end else _time(end, part, fps) for end in ends]
    known = [time for time in times if time is not None]
    kinds = {time.kind for time in known}
    if "bare" in kinds and not kinds <= {"bare", "seconds"}:
        raise MomentError(
            f"The moment '{part}' gives one of its times without a unit; write both alike, like "
            "1m-2m or 00:01-00:02."
        )
    start, end = (None if time is None else time.seconds for time in times)
    return SpanText(
        part,
        " and ".join(dict.fromkeys(time.unit for time in known)),
        start=start,
        end=end,
        slack=max(time.slack for time in known),
        bare=kinds == {"bare"},
    )


@dataclass(frozen=True)
class _Time:
    seconds: float
    kind: str
    unit: str
    slack: float = 1e-6


def _time(text: str, part: str, fps: float | None) -> _Time:
    if _BARE.fullmatch(text):
        return _Time(float(text), "bare", SECONDS)
    if match := _SECONDS.fullmatch(text):
        return _Time(float(match[1]), "seconds", SECONDS)
    if match := _UNITS.fullmatch(text):
        hours, minutes, seconds, thousandths = match.groups(default="0")
        whole = int(hours) * 3600 + int(minutes) * 60 + int(thousandths) / 1000
        return _Time(whole + float(seconds), "units", SECONDS)
    if match := _CLOCK.fullmatch(text):
        hour, minute, second = match[1], int(match[2]), float(match[3])
        if second >= 60 or (hour is not None and minute >= 60):
            raise MomentError(_no_clock(text, part))
        form = "MM:SS" if hour is None else "HH:MM:SS"
        total = int(hour or 0) * 3600 + minute * 60 + second
        return _Time(total, "clock", f"clock time, {form}")
    if match := _TIMECODE.fullmatch(text):
        return _timecode(text, match, fps)
    raise MomentError(_no_moment(part))


def _timecode(text: str, match: re.Match[str], fps: float | None) -> _Time:
    """HH:MM:SS:FF counts frames, at a rate that is rounded up to a whole number."""
    if fps is None:
        raise MomentError(f"'{text}' counts frames, and the video's rate is not known here.")
    rate = _rate(fps, text)
    whole = round(rate)
    hours, minutes, seconds, frames = (int(match[place]) for place in (1, 2, 3, 5))
    if minutes >= 60 or seconds >= 60:
        raise MomentError(f"'{text}' is no timecode: minutes and seconds end at 59.")
    if frames >= whole:
        raise MomentError(
            f"'{text}' is no timecode of this video: it has {_shown(rate)} frames a second, so "
            f"the last two digits end at {whole - 1}."
        )
    count = ((hours * 60 + minutes) * 60 + seconds) * whole + frames
    drops = match[4] == ";"
    if drops:
        count -= _dropped(text, rate, hours * 60 + minutes, seconds, frames)
    name = f"{'drop-frame ' if drops else ''}timecode, HH:MM:SS{match[4]}FF"
    return _Time(
        float(count / rate),
        "timecode",
        f"{name} at {_shown(rate)} frames a second",
        slack=float(1 / (2 * rate)),
    )


def _dropped(text: str, rate: Fraction, minutes: int, seconds: int, frames: int) -> int:
    """Numbers that drop-frame timecode has left out up to here (SMPTE ST 12-1)."""
    whole = round(rate)
    if rate.denominator != 1001 or whole % 30:
        raise MomentError(
            f"'{text}' is drop-frame timecode, which is for 29.97 and 59.94 frames a second; this "
            f"video has {_shown(rate)}: write HH:MM:SS:FF."
        )
    each = whole // 15
    if minutes % 10 and seconds == 0 and frames < each:
        raise MomentError(
            f"'{text}' does not exist: drop-frame timecode leaves out the first {each} numbers of "
            "every minute but the tenth."
        )
    return each * (minutes - minutes // 10)


def _rate(fps: float, text: str) -> Fraction:
    """The rate of timecode that is nearest to a video's: N, or N * 1000/1001."""
    whole = round(fps)
    if whole >= 1:
        choices = (Fraction(whole), Fraction(whole * 1000, 1001))
        rate = min(choices, key=lambda one: abs(float(one) - fps))
        if abs(float(rate) - fps) <= 0.002 * fps:
            return rate
    raise MomentError(
        f"'{text}' needs a whole number of frames a second, and this video has {fps:.3f}; write "
        "clock times like 00:00:01.5."
    )


def _shown(rate: Fraction) -> str:
    return f"{float(rate):.2f}".rstrip("0").rstrip(".")


def _no_moment(part: str, alone: bool = False) -> str:
    """Why a text is no moment; alone: it has no dash."""
    if alone and re.fullmatch(r"[\d.:;]*\d[\d.:;hms]*", part, re.ASCII):
        return (
            f"'{_short(part)}' is one time, and a moment has a start and an end, like 3.2s-5.0s; "
            "3.2s- goes on to the end of the video, and -5.0s begins at its start."
        )
    return f"'{_short(part)}' is not a moment; {HELP}."


def _no_clock(text: str, part: str) -> str:
    return (
        f"'{text}' in the moment '{part}' is no clock time: seconds and minutes end at 59; frames "
        "are written as 40:62, several spans of them as 40:62,80:95."
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
