"""Frame rates that a user gives."""

from fractions import Fraction
from numbers import Real
from typing import Any

from momentvos.errors import VideoError
from momentvos.ranges import shown

LEAST, MOST = 0.001, 1000.0
"""A frame in a quarter of an hour, and the fastest cameras' footage in real time."""


def frame_rate(rate: Any) -> Fraction:
    """Frames per second as a fraction. Raises VideoError for no number, and out of bounds."""
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise VideoError(
            f"{shown(rate)} is no frame rate; give a number of frames a second, {LEAST:g} to "
            f"{MOST:g}."
        )
    rate = rate if isinstance(rate, Fraction) else float(rate)
    if not LEAST <= rate <= MOST:
        raise VideoError(
            f"A video cannot be read at {float(rate):g} frames a second; give {LEAST:g} to "
            f"{MOST:g}."
        )
    return Fraction(rate).limit_denominator(100_000)
