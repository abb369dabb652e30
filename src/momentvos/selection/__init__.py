"""Which of the things that were followed does a sentence mean, and when? Not part of the papers."""

from momentvos.selection.pretrain import outlines
from momentvos.selection.track_selector import SentenceEncoder, Tracks, TrackSelector
from momentvos.selection.tracked_clip import Lanes, of_lanes
from momentvos.selection.trajectory import TrajectorySelector

__all__ = [
    "Lanes",
    "SentenceEncoder",
    "TrackSelector",
    "Tracks",
    "TrajectorySelector",
    "of_lanes",
    "outlines",
]
