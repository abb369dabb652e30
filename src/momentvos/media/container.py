"""Frames of a media container: numbered by time stamp, decoded forward, seeks to keyframes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import partial
from heapq import heappop, heappush
from itertools import pairwise

import av.error
import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media import alpha
from momentvos.media.blob import Blob, Place
from momentvos.media.decoding import opened, seek
from momentvos.media.frame import check_size
from momentvos.media.index import Index, build, from_first
from momentvos.media.pixels import Upright
from momentvos.media.table import rate, ratio, time_base

WORTH_A_SEEK = 12
"""Least gap in frames over which a seek is faster than decoding."""
_TRIES = 4
"""Keyframes that are tried before decoding begins at the start of the file."""
_LATE = 8
"""Frames by which one may come too late from a damaged stream."""
_NOWHERE: tuple[int, VideoFrame | None] = (-1, None)


class ContainerSource:
    """A video file: time stamps are read at once, frames on demand."""

    def __init__(self, path: Place) -> None:
        """Index the file. Raises VideoError, see `Video.open`."""
        self.path = path
        index = build(path)
        self.in_memory = isinstance(path, Blob)
        self._careful = index.truncated or index.damaged > 0
        with opened(path, self._careful, index.mark == "dts") as (container, stream):
            first = next(alpha.decoded(container, stream, index.mark), None)
            if first is None:
                raise VideoError(f"'{path}' holds no frame that decodes.")
            check_size(path, first.height, first.width)
            labels = alpha.labelled(path, container, stream, first)
            self._upright = upright = Upright(labels, path)
            self.size = upright.size
            self.has_audio = bool(container.streams.audio)
            self.time_base = time_base(stream)
            headers = rate(stream)
            aspect = ratio(stream.sample_aspect_ratio, Fraction(1))
        self.pixel_aspect = 1 / aspect if upright.sideways else aspect
        self._index = index = from_first(path, index, first.pts)
        self._missing: set[int] = set()
        stamps = index.stamps
        self.clock = index.clock.starting_at(stamps[0] * self.time_base)
        self.times = [float((stamp - stamps[0]) * self.time_base) for stamp in stamps]
        last = index.last * self.time_base or 1 / headers
        self.durations = [b - a for a, b in pairwise(self.times)] + [float(last)]
        self.fps = _average(self.times, headers)

    @property
    def notes(self) -> list[str]:
        """Remarks on colours that were mapped and on parts of the file that could not be used."""
        index, length, notes = self._index, len(self._index.stamps), [*self._upright.notes]
        if index.truncated:
            notes.append(f"truncated: {length} of {index.expected} frames decode")
        if index.damaged:
            notes.append(f"damaged: {index.damaged} frames do not decode and are left out")
        if index.skipped:
            notes.append(f"the first {index.skipped} frames do not decode and are left out")
        if index.moved == length:
            notes.append("time stamps are unusable: frames follow at the file's rate")
        elif index.moved:
            notes.append(f"time stamps: {index.moved} are missing or out of order, and estimated")
        if self._missing:
            notes.append(f"damaged: {len(self._missing)} frames repeat the one before them")
        return notes

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given ascending frames, uint8 [H, W, 3].

        A frame that does not decode is replaced by the nearest one before it (see `notes`). Raises
        VideoError when no frame decodes.
        """
        current, rgb = -1, np.empty(0, np.uint8)
        for number, place, frame in self._decoded(indices):
            if place != current:
                current, rgb = place, self._upright(frame)
            yield number, rgb if place == number else rgb.copy()

    def lazily(
        self, indices: Iterable[int]
    ) -> Iterator[tuple[int, Callable[[], NDArray[np.uint8]]]]:
        """As `read`, with pixels that are converted when they are asked for."""
        for number, _, frame in self._decoded(indices):
            yield number, partial(self._upright, frame)

    def keyframe(self, number: int) -> int:
        """The frame from which is decoded to reach that one after a seek."""
        keys = list(self._index.keys)
        place = bisect_right(keys, number) - 1
        return keys[place] if place >= 0 else 0

    def _decoded(self, indices: Iterable[int]) -> Iterator[tuple[int, int, VideoFrame]]:
        """Number asked for, number of what is given for it, and that frame."""
        with _Cursor(self.path, self._index, self._careful) as cursor:
            for number in indices:
                place, frame = cursor.at(number)
                if frame is None:
                    raise VideoError(f"'{self.path}' no longer decodes; has it changed?")
                if place != number:
                    self._missing.add(number)
                self._careful = cursor.careful
                yield number, place, frame


class _Cursor:
    """Forward-only position in the stream of decoded frames.

    Several frames are decoded at once until one is missing; from then on one at a time, from the
    last keyframe again, so that no good frame around a damaged one is lost.
    """

    def __init__(self, path: Place, index: Index, careful: bool) -> None:
        self._path, self._index, self.careful = path, index, careful
        self._keys = list(index.keys)
        marks = np.array(index.marks, np.int64)
        self._order = np.argsort(marks, kind="stable")
        self._marks = marks[self._order]
        self._before = self._here = _NOWHERE
        self._files = ExitStack()
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._open()

    def __enter__(self) -> _Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        # What numbers the frames refers to this object: together they would keep the decoder, its
        # threads and its pictures until the collector of cycles comes by.
        self._frames = iter(())
        self._before = self._here = _NOWHERE
        self._files.close()

    def at(self, number: int) -> tuple[int, VideoFrame | None]:
        """Frame of that number, or the nearest one before it that decodes, or the first."""
        frame = self._reach(number)
        if frame[0] != number and not self.careful:
            self.careful = True
            frame = self._again(number)
        if frame[0] != number and self._index.proven and self._key is not None:
            # Some decoders give other frames after a seek, as with packed B-frames of DivX.
            self._index.keys.clear()
            self._keys.clear()
            frame = self._again(number)
        return frame

    def _again(self, number: int) -> tuple[int, VideoFrame | None]:
        self._before = self._here = _NOWHERE
        self._open()
        return self._reach(number)

    def _reach(self, number: int) -> tuple[int, VideoFrame | None]:
        self._jump(number)
        while self._here[0] < number:
            following = next(self._frames, None)
            if following is None:
                return self._here
            self._before, self._here = self._here, following
        exact = self._here[0] == number or self._before[1] is None
        return self._here if exact else self._before

    def _open(self) -> None:
        self._files.close()
        self._key: int | None = None  # keyframe from which is decoded, or the start of the file
        self._container, self._stream = self._files.enter_context(
            opened(self._path, self.careful, self._index.mark == "dts")
        )
        self._frames = self._numbered()

    def _jump(self, number: int) -> None:
        """Seek to the last keyframe at or before `number` where that saves decoding."""
        place = bisect_right(self._keys, number) - 1
        if place >= 0 and self._keys[place] > self._here[0] + WORTH_A_SEEK:
            self._seek(place, number)

    def _seek(self, place: int, number: int) -> None:
        """Seek to the keyframe of that place in the list.

        Demuxers may land elsewhere, so the first frame that decodes must be a known keyframe at
        or before `number`; else an earlier one is tried, at last the start of the file.
        """
        self._before = self._here = _NOWHERE
        for key in self._keys[place : max(place - _TRIES, 0) : -1]:
            try:
                self._start_from(key)
            except (av.error.FFmpegError, OSError):
                break
            landed = next(self._frames, None)
            if landed is not None and landed[0] <= number and landed[0] in self._index.keys:
                self._here = landed
                return
        self._open()

    def _start_from(self, key: int) -> None:
        seek(self._container, self._stream, self._index.keys[key], self._index.bytewise)
        self._frames, self._key = self._numbered(), key

    def _numbered(self) -> Iterator[tuple[int, VideoFrame]]:
        frames = alpha.decoded(self._container, self._stream, self._index.mark)
        length = len(self._index.stamps)
        counted = self._index.mark == "count"
        numbered = (
            (count if counted else self._number(frame.pts or 0), frame)
            for count, frame in enumerate(frames)
        )
        whole = (pair for pair in numbered if pair[0] < length)
        return _in_order(whole) if self.careful else whole

    def _number(self, mark: int) -> int:
        """The number of the frame with a mark, the last such; beyond all where there is none."""
        at = int(np.searchsorted(self._marks, mark, side="right")) - 1
        found = at >= 0 and self._marks[at] == mark
        return int(self._order[at]) if found else len(self._index.stamps)


def _in_order(frames: Iterator[tuple[int, VideoFrame]]) -> Iterator[tuple[int, VideoFrame]]:
    """The same frames sorted; around a damaged packet decoders give some late."""
    held: list[tuple[int, int, VideoFrame]] = []
    for count, (number, frame) in enumerate(frames):
        heappush(held, (number, count, frame))
        if len(held) > _LATE:
            number, _, frame = heappop(held)
            yield number, frame
    while held:
        number, _, frame = heappop(held)
        yield number, frame


def _average(times: list[float], rate: Fraction) -> float:
    """Average frames per second: the stream's own rate where the times confirm it."""
    if len(times) < 2:
        return float(rate)
    measured = (len(times) - 1) / (times[-1] - times[0])
    return float(rate) if abs(measured / float(rate) - 1) < 0.002 else measured
