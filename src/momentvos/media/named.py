"""A video in a temporary file, which results call by where it came from."""

from __future__ import annotations

from dataclasses import replace

from momentvos.media.facts import VideoFacts
from momentvos.media.video import Video


class NamedVideo(Video):
    """Another video's frames, under a name that is no path.

    Args:
        video: open.
        name: what its facts give as its path, such as "stdin" or an address.
    """

    def __init__(self, video: Video, name: str) -> None:
        super().__init__(video.path, video._source, video.place)
        self.name = name

    @property
    def facts(self) -> VideoFacts:
        """As of the video, under its name."""
        return replace(super().facts, path=self.name)
