"""Which of the tracks that were followed does a sentence mean, and when? Not part of the papers."""

from momentvos.selection.track_selector import Listener, Tracks, TrackSelector
from momentvos.selection.trajectory import TrajectorySelector

__all__ = ["Listener", "TrackSelector", "Tracks", "TrajectorySelector"]
