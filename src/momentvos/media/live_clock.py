"""Times of frames that come one by one, so that none after them is known."""

from __future__ import annotations

from momentvos.media.clock import BACK, LEAP

_MOMENT = 0.001
"""Seconds between frames that share a stamp."""
_SURE = 8
"""Frames of a new clock after which the earlier one is given up."""


class LiveClock:
    """Map from the time stamps of frames in display order to ascending seconds after the first.

    A stamp that repeats the one before it, or lies shortly before it, moves by a millisecond. A
    clock that starts over goes on where the frames are; a frame with one wrong stamp does not
    change those after it.
    """

    def __init__(self, unit: float, step: float, leaps: bool) -> None:
        """unit: seconds of a stamp's unit. step: usual seconds from a frame to the next.

        leaps: whether the format promises no continuous clock, so that a leap forward is none of
        the video.
        """
        self._unit, self._step, self._leaps = unit, step, leaps
        self._last: float | None = None
        self._shift: float | None = None
        self._earlier: float | None = None
        self._since = 0

    def time(self, stamp: int | None) -> float:
        """Seconds of the next frame, whose stamp may be missing."""
        expected = 0.0 if self._last is None else self._last + self._step
        self._last = expected if stamp is None else self._of(stamp * self._unit, expected)
        return self._last

    def _of(self, second: float, expected: float) -> float:
        if self._shift is None:
            self._shift = expected - second
        if self._last is None:
            return 0.0
        self._since += 1
        if self._earlier is not None and self._returns(second, expected):
            self._shift, self._earlier = self._earlier, None
        ahead = second + self._shift - self._last
        if -BACK <= ahead <= 0:
            return self._last + _MOMENT
        if ahead < 0 or (self._leaps and ahead > LEAP):
            if self._earlier is None or self._since > _SURE:
                self._earlier, self._since = self._shift, 0
            self._shift = expected - second
            return expected
        return second + self._shift

    def _returns(self, second: float, expected: float) -> bool:
        """Whether the earlier clock fits this frame, soon after it seemed to end."""
        assert self._earlier is not None and self._shift is not None
        if self._since > _SURE:
            return False
        now, before = second + self._shift - expected, second + self._earlier - expected
        return -self._step < before < LEAP and abs(before) <= abs(now)
