"""Clicks of a person on an object, checked against the video that they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from momentvos.errors import ArgumentError

MOST_FRAMES = 32
"""Clicked frames; features of all of them are read at once."""


@dataclass(frozen=True)
class Click:
    """A point (x, y) of a frame, in pixels of the video, that is of the object, or is not."""

    frame: int
    x: float
    y: float
    object: bool = True


def check_clicks(
    clicks: Sequence[Click], size: tuple[int, int], length: int
) -> Mapping[int, Sequence[Click]]:
    """Clicks by frame, in order. size: (height, width) of the video; length: its frames.

    Raises ArgumentError for one that lies outside, and for none and too many frames.
    """
    frames: dict[int, list[Click]] = {}
    for one in clicks:
        if not 0 <= one.frame < length:
            raise ArgumentError(f"Frame {one.frame} is clicked; the video has 0 to {length - 1}.")
        if not (0 <= one.x < size[1] and 0 <= one.y < size[0]):
            raise ArgumentError(
                f"The click ({one.x:g}, {one.y:g}) lies outside the pictures, which have {size[1]} "
                f"x {size[0]} pixels."
            )
        frames.setdefault(one.frame, []).append(one)
    if not 1 <= len(frames) <= MOST_FRAMES:
        raise ArgumentError(f"Click in 1 to {MOST_FRAMES} frames, not in {len(frames)}.")
    return dict(sorted(frames.items()))


def check_objects(clicks: Mapping[int, Sequence[Click]]) -> Mapping[int, Sequence[Click]]:
    """Clicks by frame. Raises ArgumentError for a frame in which none is of the object."""
    for frame, ones in clicks.items():
        if not any(one.object for one in ones):
            raise ArgumentError(
                f"In frame {frame} nothing of the object is clicked, only what it is not: click "
                "the object there too."
            )
    return clicks
