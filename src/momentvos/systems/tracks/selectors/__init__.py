"""Selectors: which tracks a sentence means."""

from momentvos.systems.tracks.selectors.contract import SelectorPart, VideoSelector

__all__ = ["SelectorPart", "VideoSelector"]
