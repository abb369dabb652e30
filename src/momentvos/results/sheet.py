"""A few frames of a prediction's video with its masks drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ArgumentError, MomentVOSError
from momentvos.media.video import Video
from momentvos.ranges import shown

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

MOST = 64
"""Frames of a sheet."""


@dataclass(frozen=True)
class Tile:
    """A frame of the sheet: its number, its start in seconds, whether it lies in the moment, and
    the picture, uint8 [H, W, 3].
    """

    frame: int
    second: float
    inside: bool
    rgb: NDArray[np.uint8]


def tiles(prediction: Prediction, count: int) -> Iterator[Tile]:
    """At most `count` frames of the video, evenly spread, with the masks drawn into them.

    None where the video cannot be read any more. Raises ArgumentError for an impossible `count`.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        raise ArgumentError(f"A sheet has 1 to {MOST} frames, not {shown(count)}.")
    return _tiles(prediction, count)


def _tiles(prediction: Prediction, count: int) -> Iterator[Tile]:
    video = video_of(prediction)
    if video is None:
        return
    from momentvos.results.overlay import Overlay

    overlay = Overlay(prediction, video=video, caption=False)
    try:
        for frame in video.read(chosen(prediction, count)):
            rgb = overlay.draw(frame.rgb, prediction.masks[frame.index], frame.index)
            yield Tile(frame.index, frame.time, frame.index in prediction.moment, rgb)
    except MomentVOSError:  # the file has gone, or has changed
        return


def chosen(prediction: Prediction, count: int) -> list[int]:
    """Frames of a sheet: the middles of `count` equal parts of the video, ascending.

    Where there is a moment, the frame that is nearest to its middle is that middle.
    """
    length = prediction.video.length
    count = min(count, length)
    frames = [(2 * part + 1) * length // (2 * count) for part in range(count)]
    inside = prediction.moment.frames()
    if inside:
        middle = inside[len(inside) // 2]
        nearest = min(range(count), key=lambda place: abs(frames[place] - middle))
        frames[nearest] = middle
    return sorted(set(frames))


def video_of(prediction: Prediction) -> Video | None:
    """The prediction's video, if it is still there and still is the same."""
    facts, source = prediction.video, prediction.source
    try:
        if source is None:
            source = Video.open(facts.path) if Path(facts.path).exists() else None
    except MomentVOSError:
        return None
    if source is None or not source.is_here:
        return None
    same = source.size == (facts.height, facts.width) and len(source) == facts.length
    return source if same else None
