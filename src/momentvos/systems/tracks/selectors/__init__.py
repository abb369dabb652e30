"""Selectors: which tracks a sentence means."""

from momentvos.systems.tracks.selectors.contract import Opinion, SelectorPart, VideoSelector

__all__ = ["Opinion", "SelectorPart", "VideoSelector"]
