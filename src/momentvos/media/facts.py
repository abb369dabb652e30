"""Facts about a video that every prediction repeats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoFacts:
    """Facts about a video.

    Attributes:
        path: the video file, or the name of a video in memory.
        width, height: in pixels, after rotation.
        fps: average frames per second.
        length: number of frames.
        duration: in seconds.
    """

    path: str
    width: int
    height: int
    fps: float
    length: int
    duration: float
