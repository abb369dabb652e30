"""Geometry of the tracks of a video: training data of the selector."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from momentvos.selection.selection import WINDOW, TrackSelection, windows
from momentvos.selection.trajectory import track_geometry


def collect_geometries(
    selection: TrackSelection, candidate_frames: Sequence[int], length: int
) -> list[Tensor]:
    """Geometry [T, GEOMETRY] of every candidate that is tracked through a video of T frames.

    Tracks that do not span all frames of the video, because it is longer than one window, and
    tracks that are nowhere visible are left out.

    Args:
        selection: of a sentence; its selector is not run.
        candidate_frames: ascending, the frames that candidates come from.
        length: T.
    """
    kept: list[Tensor] = []
    for chosen, frames in windows(candidate_frames, length, WINDOW):
        _, masks, near = selection.tracks(chosen, frames)
        if len(near) == length:
            kept += [track_geometry(track, near) for track in masks if track]
    return kept
