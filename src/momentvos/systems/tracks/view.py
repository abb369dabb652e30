"""Some frames of a video as a video of their own: those that are looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentvos.media import Video


class VideoView(Video):
    """Some frames of a video, numbered from 0.

    Attributes:
        frames_of: ascending, their numbers in the video.
    """

    def __init__(self, video: Video, frames: Sequence[int]) -> None:
        super().__init__(video.path, _ViewSource(video, frames), video.place)
        self.frames_of = tuple(frames)

    @classmethod
    def at_rate(cls, video: Video, rate: float) -> VideoView:
        """About `rate` frames a second, the first and the last too; all where it has fewer."""
        times = video.times
        count = int(times[-1] * rate + 1e-6) + 1
        wanted = (bisect_left(times, number / rate - 1e-6) for number in range(count))
        chosen = {min(frame, len(times) - 1) for frame in wanted} | {len(times) - 1}
        return cls(video, sorted(chosen) if len(chosen) < len(times) else range(len(times)))


class _ViewSource:
    def __init__(self, video: Video, frames: Sequence[int]) -> None:
        self._video, self._frames = video, frames
        self.size: tuple[int, int] = video.size
        times = video.times
        self.times = [times[frame] for frame in frames]
        ends = [*self.times[1:], video.duration]
        self.durations = [
            max(end - start, 1e-6) for start, end in zip(self.times, ends, strict=True)
        ]
        self.fps = len(frames) / max(video.duration, 1e-6)
        self.has_audio = False
        self.clock = video.clock
        self.time_base: Fraction = video.time_base
        self.pixel_aspect: Fraction = video.pixel_aspect

    @property
    def notes(self) -> list[str]:
        return self._video.notes

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        chosen = list(indices)
        wanted = [self._frames[index] for index in dict.fromkeys(chosen)]
        frames = self._video.read(wanted)
        last = -1
        rgb: NDArray[np.uint8] | None = None
        for index in chosen:
            if index != last or rgb is None:
                rgb, last = next(frames).rgb, index
            yield index, rgb
