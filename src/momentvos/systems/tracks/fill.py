"""Masks of the frames between those that are tracked."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from momentvos.selection.components import decode
from momentvos.systems.session import FrameMask
from momentvos.systems.tracks.followed import Followed

NEAREST = 0.5
"""Share of the way between two frames from which on the later one is the nearer."""


def filled(
    track: Followed, frames_of: Sequence[int], length: int, cuts: Container[int]
) -> Iterator[FrameMask]:
    """A track in every frame of a video of `length` frames in which it is.

    Between two frames in which it is tracked the outline moves from the one to the other. Where it
    is in one of them alone, or a cut lies between, the nearer one decides.

    Args:
        track: its frames are numbered as those of `frames_of`.
        frames_of: ascending, frames of the video that were tracked.
        cuts: numbers among these of first frames of shots.
    """
    shape: Shape | None = None  # of the frame tracked next, where it was needed already
    for place, (start, stop) in enumerate(zip(frames_of, [*frames_of[1:], length], strict=True)):
        here, there = track.frames.get(place), track.frames.get(place + 1)
        first, shape = shape, None
        mask = None if here is None else decode(here.mask)
        if here is not None and mask is not None:
            yield FrameMask(start, mask, here.confidence)
        if stop - start < 2 or (here is None and there is None):
            continue
        last = place + 1 == len(frames_of)
        other = None if there is None else decode(there.mask)
        moving = None
        if mask is not None and other is not None and place + 1 not in cuts:
            shape = Shape.of(other)
            moving = Between(first or Shape.of(mask), shape)
        for frame in range(start + 1, stop):
            share = 0.0 if last else (frame - start) / (stop - start)
            near, nearest = (here, mask) if share < NEAREST else (there, other)
            if moving is not None and here is not None and there is not None:
                sure = (1 - share) * here.confidence + share * there.confidence
                yield FrameMask(frame, moving(share), sure)
            elif near is not None and nearest is not None:
                yield FrameMask(frame, nearest, near.confidence)


@dataclass(frozen=True)
class Between:
    """Shapes on the way from one to another, in a frame of one size.

    Both are moved to where the centre is by then, and the signed distances to their outlines are
    averaged.
    """

    first: Shape
    second: Shape

    def __call__(self, share: float) -> NDArray[np.bool_]:
        """The shape at `share` of the way, 0..1."""
        first, second = self.first, self.second
        centre = (1 - share) * first.centre + share * second.centre
        radius = max(first.radius, second.radius)
        made = np.zeros(first.size, dtype=bool)
        top, left = (int(np.floor(value)) - radius for value in centre)
        rows = np.arange(max(top, 0), min(top + 2 * radius + 2, made.shape[0]))
        columns = np.arange(max(left, 0), min(left + 2 * radius + 2, made.shape[1]))
        if len(rows) and len(columns):
            signed = (1 - share) * first.at(rows, columns, centre)
            signed = signed + share * second.at(rows, columns, centre)
            made[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = signed > 0
        return made


@dataclass(frozen=True)
class Shape:
    """Signed distance to a mask's outline, positive inside, in a window around its centre.

    distance: [h, w]; origin: (row, column) of its first cell; centre: (row, column);
    radius: pixels from the centre to the farthest side, and some; size: (height, width) of the
    frame.
    """

    distance: NDArray[np.float64]
    origin: NDArray[np.int64]
    centre: NDArray[np.float64]
    radius: int
    size: tuple[int, int]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Shape:
        """The shape of a mask, bool [H, W] and not empty."""
        rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
        centre = np.array(ndimage.center_of_mass(mask))
        ends = np.array([[rows[0], columns[0]], [rows[-1], columns[-1]]])
        radius = int(np.ceil(np.abs(ends - centre).max())) + 2
        low = ends[0] - 2
        shape = tuple(ends[1] - ends[0] + 5)
        window = np.zeros(shape, dtype=bool)
        window[2:-2, 2:-2] = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        inner = ndimage.distance_transform_edt(window)
        outer = ndimage.distance_transform_edt(~window)
        return cls(np.asarray(inner - outer), low, centre, radius, (mask.shape[0], mask.shape[1]))

    def at(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], centre: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Distances at places of the frame, the shape moved to another centre."""
        shift = np.round(centre - self.centre).astype(int) + self.origin
        inside = [
            np.clip(places - offset, 0, size - 1)
            for places, offset, size in zip(
                (rows, columns), shift, self.distance.shape, strict=True
            )
        ]
        beyond = [
            np.abs(places - offset - kept)
            for places, offset, kept in zip((rows, columns), shift, inside, strict=True)
        ]
        near: NDArray[np.float64] = self.distance[np.ix_(*inside)]
        far: NDArray[np.float64] = near - (beyond[0][:, None] + beyond[1][None])
        return far
