"""Times as text: SRT's, and SMPTE timecode."""

from __future__ import annotations

import math
import re
from fractions import Fraction

_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


def srt_time(seconds: float) -> str:
    """``00:00:01,625``, to the nearest millisecond."""
    whole = max(round(seconds * 1000), 0)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"


def timecode_frames(text: str, rate: Fraction) -> int | None:
    """Frames since 00:00:00:00 of a timecode; None where it is none.

    With ``;`` before the frames it is drop-frame, which leaves out the first two numbers (four at
    60 a second) of each minute except every tenth (SMPTE ST 12-1).
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, frames = (int(match[part]) for part in (1, 2, 3, 5))
    nominal = math.ceil(rate)
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if match[4] == ";" and rate.denominator == 1001:
        passed = hours * 60 + minutes
        total -= nominal // 15 * (passed - passed // 10)
    return total
