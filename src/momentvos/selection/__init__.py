"""Track selection: candidates tracked as objects, scored against the sentence, elected."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.selection.candidates import CandidateSource as CandidateSource
    from momentvos.selection.candidates import PromptedMasks as PromptedMasks
    from momentvos.selection.components import Component as Component
    from momentvos.selection.config import SelectionConfig as SelectionConfig
    from momentvos.selection.selection import TrackSelection as TrackSelection
    from momentvos.selection.selection import run_together as run_together
    from momentvos.selection.selector import MaskVote as MaskVote
    from momentvos.selection.selector import Selector as Selector
    from momentvos.selection.selector import TrackMasks as TrackMasks
    from momentvos.selection.selector import weighed as weighed
    from momentvos.selection.track_selector import SentenceEncoder as SentenceEncoder
    from momentvos.selection.track_selector import Tracks as Tracks
    from momentvos.selection.track_selector import TrackSelector as TrackSelector
    from momentvos.selection.tracks import Track as Track
    from momentvos.selection.tracks import TrackedMask as TrackedMask
    from momentvos.selection.tracks import Tracker as Tracker
    from momentvos.selection.tracks import mask_confidence as mask_confidence
    from momentvos.selection.tracks import mask_confidences as mask_confidences
    from momentvos.selection.trajectory import TrajectorySelector as TrajectorySelector

_HOMES = {
    "CandidateSource": "candidates",
    "Component": "components",
    "MaskVote": "selector",
    "PromptedMasks": "candidates",
    "SelectionConfig": "config",
    "Selector": "selector",
    "SentenceEncoder": "track_selector",
    "Track": "tracks",
    "TrackMasks": "selector",
    "TrackSelection": "selection",
    "TrackSelector": "track_selector",
    "TrackedMask": "tracks",
    "Tracker": "tracks",
    "Tracks": "track_selector",
    "TrajectorySelector": "trajectory",
    "mask_confidence": "tracks",
    "mask_confidences": "tracks",
    "run_together": "selection",
    "weighed": "selector",
}
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
    "mask_confidences",
    "run_together",
    "weighed",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use: options of a recipe are read without PyTorch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
