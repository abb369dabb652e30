"""Tracks as a sequence of geometries: training data of the selector."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from momentvos.selection.selection import SPAN, TrackSelection, windows
from momentvos.selection.trajectory import track_geometry


def collect_geometries(
    selection: TrackSelection, candidate_frames: Sequence[int], length: int
) -> list[Tensor]:
    """Geometry [T, GEOMETRY] of every candidate that is tracked through a video of T frames.

    Tracks that are not looked for in all frames of the video, because it is longer than what is
    decided at once, and tracks that are nowhere visible are left out.

    Args:
        selection: of a sentence; its selector is not asked.
        candidate_frames: ascending, the frames that candidates come from.
        length: T.
    """
    kept: list[Tensor] = []
    for chosen, frames in windows(candidate_frames, length, SPAN):
        _, masks, near = selection.tracks(chosen, frames)
        if len(near) == length:
            kept += [track_geometry(track, near) for track in masks if track]
    return kept
