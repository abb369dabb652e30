"""A video file read at a constant number of frames a second, as FFmpeg's filter `fps` does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.frame_rate import frame_rate
from momentvos.media.video import Video


class SampledVideo(Video):
    """A `Video` of some of another's frames: SAMWISE's demo reads video files at 10 a second.

    Frame n is the last one whose start, rounded to the nearest n / rate, is not after it; a frame
    that lasts longer is repeated.

    Args:
        video: open; a folder of frames has no clock of its own.
        rate: frames per second.

    Raises:
        VideoError: `video` is a folder, or the rate is out of bounds.
    """

    def __init__(self, video: Video, rate: float) -> None:
        chosen = frame_rate(rate)
        if video.path.is_dir():
            raise VideoError(
                f"'{video.path}' is a folder of frames, which has no clock to sample by; give a "
                "video file, or all frames."
            )
        super().__init__(video.path, _Sampled(video, chosen), video.place)


class _Sampled:
    def __init__(self, video: Video, rate: Fraction) -> None:
        self._video = video
        self._chosen = _chosen(video, rate)
        self.size, self.fps = video.size, float(rate)
        self.has_audio, self.clock = video.has_audio, video.clock
        self.time_base, self.pixel_aspect = 1 / rate, video.pixel_aspect
        self.times = [float(place / rate) for place in range(len(self._chosen))]
        self.durations = [float(1 / rate)] * len(self._chosen)

    @property
    def notes(self) -> list[str]:
        kept, length = len(set(self._chosen)), len(self._video)
        return [*self._video.notes, f"read at {self.fps:g} frames a second: {kept} of {length}"]

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        wanted = list(indices)
        frames = self._video.read(self._chosen[place] for place in wanted)
        for place, frame in zip(wanted, frames, strict=True):
            yield place, frame.rgb


def _chosen(video: Video, rate: Fraction) -> list[int]:
    """The number of the frame that is shown at 0, 1 / rate, 2 / rate, ..."""
    unit = video.time_base
    stamps = [round(Fraction(time) / unit) * unit for time in [*video.times, video.duration]]
    places = [math.floor(stamp * rate + Fraction(1, 2)) for stamp in stamps]
    chosen: list[int] = []
    number = 0
    for place in range(max(places[-1], 1)):
        while number + 1 < len(video) and places[number + 1] <= place:
            number += 1
        chosen.append(number)
    return chosen
