"""Frame rates that a user gives."""

from fractions import Fraction

from momentvos.errors import VideoError

LEAST, MOST = 0.001, 1000.0
"""A frame in a quarter of an hour, and the fastest cameras' footage in real time."""


def frame_rate(rate: float) -> Fraction:
    """Frames per second as a fraction. Raises VideoError for what is out of bounds."""
    if not LEAST <= rate <= MOST:
        raise VideoError(
            f"A video cannot be read at {rate:g} frames a second; give {LEAST:g} to {MOST:g}."
        )
    return Fraction(rate).limit_denominator(100_000)
