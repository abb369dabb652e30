"""A person's clicks as a selector: they say which tracks are meant, another selector says when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from momentvos.selection.selector import Selector, TrackMasks

LEAST, REFUSED = 1.0, -12.0
"""Log-odds over all that a track has at least which is clicked on, and at most which is refused."""
NEAR = 1
"""Cells of a track's masks by which a click may miss it."""


class Point(NamedTuple):
    """A click: (x, y) as shares 0..1 of SAM2's square; object: whether it is of what is meant."""

    frame: int
    x: float
    y: float
    object: bool


@dataclass
class ClickSelector:
    """Tracks by clicks: those under one on the object are meant, those under another one are not.

    Without a click on the object the other tracks are as likely as `base` has it.

    Attributes:
        base: says when a track is meant.
        points: the clicks.
        met: clicks on the object that lie on a track.
        left: whether a track is not refused.
    """

    base: Selector
    points: Sequence[Point]
    met: set[Point] = field(default_factory=set)
    left: bool = False

    @property
    def context(self) -> int:
        """See `Selector`."""
        return self.base.context

    def pool(self, log_odds: Sequence[float]) -> float:
        """See `Selector`."""
        return self.base.pool(log_odds)

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[Mapping[int, float]]:
        """See `Selector`."""
        wanted = any(point.object for point in self.points)
        made: list[Mapping[int, float]] = []
        for track, odds in zip(tracks, self.base(sentence, tracks, frames), strict=True):
            hits = [point for point in self.points if _on(track, point)]
            refused = any(not point.object for point in hits) or (wanted and not hits)
            if not refused:
                self.left = True
                self.met.update(point for point in hits if point.object)
            if refused or hits:
                level = self.pool(list(odds.values())) if odds else 0.0
                # Frame by frame it stays what `base` says, for that is when the track is meant.
                move = min(REFUSED - level, 0.0) if refused else max(LEAST - level, 0.0)
                odds = {frame: value + move for frame, value in odds.items()}
            made.append(odds)
        return made


def _on(track: TrackMasks, point: Point) -> bool:
    if point.frame not in track:
        return False
    mask = track[point.frame]
    row, column = int(point.y * mask.shape[0]), int(point.x * mask.shape[1])
    around = mask[max(row - NEAR, 0) : row + NEAR + 1, max(column - NEAR, 0) : column + NEAR + 1]
    return bool(around.any())
