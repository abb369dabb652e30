"""The facts about a video that every answer repeats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoFacts:
    """path, width and height in pixels as shown, fps (average), length in frames, duration in s."""

    path: str
    width: int
    height: int
    fps: float
    length: int
    duration: float
