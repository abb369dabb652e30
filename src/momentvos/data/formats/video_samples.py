"""Samples about video files: a moment in seconds, frames on an even grid, no masks."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from momentvos.data.formats.entry import BrokenEntry, Entry
from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media.video import Video

Span = tuple[float, float]
SUFFIXES = (".mp4", ".mkv", ".webm", ".avi", ".mov")


@dataclass(frozen=True)
class VideoSample(Sample):
    """A sentence about the video at `path`, `duration` seconds long according to the data set.

    Frame i of the grid is the one on screen at (i + 0.5) / fps seconds; `targets` holds the moment
    on that grid, `seconds` the moment itself. To read all frames, open `path`. `size` is read from
    the file on first access.
    """

    size: tuple[int, int] = field(init=False, repr=False, compare=False)
    duration: float = field(kw_only=True)

    def __getattr__(self, name: str) -> Any:
        if name != "size":
            raise AttributeError(name)
        object.__setattr__(self, "size", self.video().size)
        return self.__dict__["size"]

    def video(self) -> Video:
        """Open the video. Raises VideoError where it is missing or damaged."""
        from momentvos.media.video import Video

        assert self.path is not None
        return Video.open(self.path)

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB frames of the grid, uint8 [N, H, W, 3]. Raises VideoError."""
        video = self.video()
        times = [(index + 0.5) / self.fps for index in indices]
        numbers = [max(bisect_right(video.times, time) - 1, 0) for time in times]
        read = {frame.index: frame.rgb for frame in video.read(sorted(set(numbers)))}
        return np.stack([read[number] for number in numbers])

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Raise DataError: there are no masks."""
        raise DataError(f"The video {self.path} comes with moments only; there are no masks.")


def grid(spans: Sequence[Span], duration: float, fps: float) -> tuple[int, Moment]:
    """Length of the grid in frames, and its frames that overlap the spans."""
    length = max(math.ceil(duration * fps - 1e-6), 1)
    frames = []
    for start, end in spans:
        first = min(int(start * fps + 1e-6), length - 1)
        frames.append((first, max(math.ceil(end * fps - 1e-6) - 1, first)))
    return length, Moment(frames).clip(length)


def video_sample_fields(
    path: Path,
    names: tuple[str, str],
    sentence: str,
    spans: Sequence[Span] | None,
    duration: float,
    fps: float,
) -> dict[str, Any]:
    """Make the arguments of a VideoSample.

    names: ids of video and expression. spans: in seconds; None where unknown.
    """
    length, moment = grid(spans or (), duration, fps)
    return {
        "video_id": names[0],
        "expression_id": names[1],
        "sentence": sentence,
        "kind": "",
        "length": length,
        "fps": fps,
        "targets": () if spans is None else (Target("", moment),),
        "annotated": False,
        "timed": spans is not None,
        "seconds": None if spans is None else tuple(spans),
        "path": path,
        "duration": duration,
    }


def clamped(
    span: Span, duration: float, place: Entry, lenient: bool = True
) -> tuple[Span, BrokenEntry | None]:
    """Clamp a span to [0, duration]; return it with a note where it reached beyond.

    Raises BrokenEntry where nothing is left; with `lenient` as a note, because published files
    have such spans.
    """
    start, end = max(span[0], 0.0), min(span[1], duration)
    outside = (start, end) != tuple(span)
    where = f"has the span {span[0]:g} to {span[1]:g} s, which"
    if start >= end:
        why = f"lies outside the video of {duration:g} s" if outside else "is empty"
        raise place.broken(f"{where} {why}" + ("; it is left out" if lenient else ""), note=lenient)
    note = f"{where} reaches beyond the video of {duration:g} s"
    return (start, end), place.broken(note, note=True) if outside else None


def positive(entry: Entry) -> float:
    """Read a positive number of seconds. Raises BrokenEntry."""
    seconds = entry.number()
    if seconds <= 0:
        raise entry.broken(f"is {seconds:g}, which is no duration")
    return seconds


class VideoFiles:
    """Lookup of a data set's video files by name, whatever their suffix.

    Searches the first of `folders` that exists; deep: also the folders in it. A missing video gets
    its usual path; opening it then raises VideoError.
    """

    def __init__(self, root: Path, folders: Sequence[str], deep: bool = False) -> None:
        there = [root / one for one in folders if (root / one).is_dir()]
        self.folder = there[0] if there else root / folders[0]
        files = sorted(self.folder.iterdir()) if there else []
        files += sorted(self.folder.glob("*/*")) if there and deep else []
        self._paths = {one.stem: one for one in files if one.suffix.lower() in SUFFIXES}

    def path(self, video: str) -> Path:
        return self._paths.get(video, self.folder / f"{video}.mp4")
