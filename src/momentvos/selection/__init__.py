"""Track selection: candidates tracked as objects, scored against the sentence, elected."""

from momentvos.selection.candidates import CandidateSource, PromptedMasks
from momentvos.selection.components import Component
from momentvos.selection.config import SelectionConfig
from momentvos.selection.selection import TrackSelection
from momentvos.selection.selector import MaskVote, Selector, TrackMasks
from momentvos.selection.track_selector import SentenceEncoder, Tracks, TrackSelector
from momentvos.selection.tracks import Track, TrackedMask, Tracker, mask_confidence
from momentvos.selection.trajectory import TrajectorySelector

__all__ = [
    "CandidateSource",
    "Component",
    "MaskVote",
    "PromptedMasks",
    "SelectionConfig",
    "Selector",
    "SentenceEncoder",
    "Track",
    "TrackMasks",
    "TrackSelection",
    "TrackSelector",
    "TrackedMask",
    "Tracker",
    "Tracks",
    "TrajectorySelector",
    "mask_confidence",
]
