"""Frames of a media container: numbered by time stamp, decoded forward, seeks to keyframes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media import alpha
from momentvos.media import index as packets
from momentvos.media.frame import check_size
from momentvos.media.pixels import Upright

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

WORTH_A_SEEK = 12
"""Least gap in frames over which a seek is faster than decoding."""


class ContainerSource:
    """A video file: time stamps are read at once, frames on demand."""

    def __init__(self, path: Path) -> None:
        """Index the file. Raises VideoError, see `Video.open`."""
        self.path = path
        self._index = packets.build(path)
        with packets.opened(path) as (container, stream):
            first = next(alpha.decoded(container, stream), None)
            if first is None:
                raise VideoError(f"'{path}' holds no frame that decodes.")
            check_size(path, first.height, first.width)
            self._upright = upright = Upright(first, path)
            self.size = upright.size
            self.has_audio = bool(container.streams.audio)
            self.time_base = packets.time_base(stream)
            rate = packets.rate(stream)
            aspect = packets.ratio(stream.sample_aspect_ratio, Fraction(1))
        self.pixel_aspect = 1 / aspect if upright.sideways else aspect
        self._index = packets.from_first(path, self._index, first.pts)
        self._missing: set[int] = set()
        pts = self._index.pts
        self.start = pts[0] * self.time_base
        self.times = [float((stamp - pts[0]) * self.time_base) for stamp in pts]
        last = self._index.last * self.time_base or 1 / rate
        self.durations = [b - a for a, b in pairwise(self.times)] + [float(last)]
        self.fps = _average(self.times, rate)

    @property
    def notes(self) -> list[str]:
        """Remarks on colours that were mapped and on parts of the file that could not be used."""
        notes, length = [*self._upright.notes], len(self._index.pts)
        if self._index.truncated:
            notes.append(f"truncated: {length} of {self._index.expected} frames decode")
        if self._index.skipped:
            notes.append(f"the first {self._index.skipped} frames do not decode and are left out")
        if self._missing:
            notes.append(f"damaged: {len(self._missing)} frames repeat the one before them")
        return notes

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given ascending frames, uint8 [H, W, 3].

        A frame that does not decode is replaced by the nearest one before it (see `notes`). Raises
        VideoError when no frame decodes.
        """
        with packets.opened(self.path, self._index.truncated) as (container, stream):
            cursor = _Cursor(self._index, container, stream)
            current, rgb = -1, np.empty(0, np.uint8)
            for number in indices:
                place, frame = cursor.at(number)
                if frame is None:
                    raise VideoError(f"'{self.path}' no longer decodes; has it changed?")
                if place != number:
                    self._missing.add(number)
                if place != current:
                    current, rgb = place, self._upright(frame)
                yield number, rgb if place == number else rgb.copy()


class _Cursor:
    """Forward-only position in the stream of decoded frames."""

    def __init__(
        self, index: packets.Index, container: InputContainer, stream: VideoStream
    ) -> None:
        self._index, self._container, self._stream = index, container, stream
        self._numbers: dict[int | None, int] = {pts: n for n, pts in enumerate(index.pts)}
        self._frames = self._numbered()
        self._before: tuple[int, VideoFrame | None] = (-1, None)
        self._here: tuple[int, VideoFrame | None] = (-1, None)

    def at(self, number: int) -> tuple[int, VideoFrame | None]:
        """Frame of that number, or the nearest one before it that decodes, or the first."""
        self._jump(number)
        while self._here[0] < number:
            following = next(self._frames, None)
            if following is None:
                return self._here
            self._before, self._here = self._here, following
        exact = self._here[0] == number or self._before[1] is None
        return self._here if exact else self._before

    def _jump(self, number: int) -> None:
        """Seek to the last keyframe at or before `number` where that saves decoding.

        Demuxers may land elsewhere, so the first frame that decodes must be a known keyframe at
        or before `number`; else an earlier one is tried, at last the start of the file.
        """
        keys = self._index.keys
        place = bisect_right(keys, number) - 1
        if self._index.counted or place < 0 or keys[place] <= self._here[0] + WORTH_A_SEEK:
            return
        while True:
            try:
                self._container.seek(self._index.pts[keys[max(place, 0)]], stream=self._stream)
            except (av.error.FFmpegError, OSError):
                return
            self._frames = self._numbered()
            self._before, self._here = (-1, None), (-1, None)
            if place <= 0:
                return
            landed = next(self._frames, None)
            if landed is not None and landed[0] <= number and landed[0] in keys:
                self._here = landed
                return
            place -= 1

    def _numbered(self) -> Iterator[tuple[int, VideoFrame]]:
        for count, frame in enumerate(alpha.decoded(self._container, self._stream)):
            number = count if self._index.counted else self._numbers.get(frame.pts)
            if number is not None and number < len(self._index.pts):
                yield number, frame


def _average(times: list[float], rate: Fraction) -> float:
    """Average frames per second: the stream's own rate where the times confirm it."""
    if len(times) < 2:
        return float(rate)
    measured = (len(times) - 1) / (times[-1] - times[0])
    return float(rate) if abs(measured / float(rate) - 1) < 0.002 else measured
