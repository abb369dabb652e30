"""Frames of videos by number as pictures, and those beside them before anybody asks.

To show a frame all those since its keyframe are decoded. The last of these are held as they are
decoded, so that a step back costs a picture and no decoding; and while nobody asks, the frames
around the one that was shown last become pictures of the same kind.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.media.video import Video

OPEN = 4
"""Videos that are held open."""
HELD = 128 << 20
"""Bytes of decoded frames that are held, of the video that was asked for last."""
READY = 32 << 20
"""Bytes of pictures that are ready."""
BESIDE = 24
"""Frames on either side that become pictures while nobody asks."""
QUICK = 0.06
"""Seconds of a picture; one that takes longer is made when it is asked for, lest others wait."""
FORMATS = {"webp": "WEBP", "jpeg": "JPEG", "png": "PNG"}
_HOW = {
    "webp": {"quality": 82, "method": 0},
    "jpeg": {"quality": 88},
    "png": {"compress_level": 1},
}

Pixels = NDArray[np.uint8]


class _Asked(NamedTuple):
    path: str
    number: int
    form: str
    width: int | None


class FrameReader:
    """Frames of a few videos."""

    def __init__(self) -> None:
        self._walks: OrderedDict[str, _Walk] = OrderedDict()
        self._ready: OrderedDict[_Asked, bytes] = OrderedDict()
        self._size = 0
        self._beside: Iterator[_Asked] = iter(())

    def picture(self, path: str, number: int, form: str, width: int | None) -> bytes:
        """A frame as a file. width: pixels to scale it down to. Raises VideoError."""
        asked = _Asked(path, number, form, width)
        made = self._ready.pop(asked, None)
        if made is not None:
            self._size -= len(made)
            self._beside = self._around(asked)
            return made
        self._beside = iter(())
        walk = self._walks.pop(path, None) or _Walk(Path(path))
        make = walk.at(number)
        for other in self._walks.values():
            other.held.clear()
        self._walks[path] = walk
        while len(self._walks) > OPEN:
            self._walks.popitem(last=False)
        start = monotonic()
        made = _file(make(), form, width)
        if monotonic() - start < QUICK:
            self._beside = self._around(asked)
        return made

    def ahead(self) -> bool:
        """Make one more picture of those that may be asked for next; False: there is none."""
        asked = next(self._beside, None)
        if asked is None:
            return False
        walk = self._walks[asked.path]
        if asked not in self._ready and walk.near(asked.number):
            made = _file(walk.at(asked.number)(), asked.form, asked.width)
            self._ready[asked] = made
            self._size += len(made)
            while self._size > READY:
                self._size -= len(self._ready.popitem(last=False)[1])
        return True

    def _around(self, asked: _Asked) -> Iterator[_Asked]:
        """Frames beside one, the nearest first."""
        last = self._walks[asked.path].length - 1
        for step in range(1, BESIDE + 1):
            for number in (asked.number + step, asked.number - step):
                if 0 <= number <= last:
                    yield asked._replace(number=number)


class _Walk:
    """A walk through a video, forward without decoding anything twice.

    Attributes:
        held: the frames that were decoded last, by number, each with what makes its pixels.
    """

    def __init__(self, path: Path) -> None:
        self._video = Video.open(path)
        self.length = len(self._video)
        height, width = self._video.size
        # As decoders have them, with half the colours or up to twice the bits.
        self._most = max(HELD // (3 * height * width), 1)
        self.held: OrderedDict[int, Callable[[], Pixels]] = OrderedDict()
        self._wanted, self._last = 0, -1
        self._frames: Iterator[tuple[int, Callable[[], Pixels]]] = iter(())

    def near(self, number: int) -> bool:
        """Whether a frame is held, or the next to be decoded."""
        return number in self.held or number == self._last + 1

    def at(self, number: int) -> Callable[[], Pixels]:
        """What makes the pixels of a frame."""
        if number in self.held:
            return self.held[number]
        key = self._video.keyframe(number)
        if self._last < 0 or number < self._last:
            self.held.clear()
            self._frames, self._last = self._video.lazily(self._numbers()), -1
        try:
            first = max(key, self._last + 1, number - self._most + 1)
            for wanted in range(first, number + 1):
                self._wanted = wanted
                self.held[wanted] = next(self._frames)[1]
                self._last = wanted
                while len(self.held) > self._most:
                    self.held.popitem(last=False)
        except BaseException:
            self._last = -1  # the walk has ended with the error
            self.held.clear()
            raise
        return self.held[number]

    def _numbers(self) -> Iterator[int]:
        """Whatever is wanted when the next frame is read."""
        while True:
            yield self._wanted


def _file(rgb: Pixels, form: str, width: int | None) -> bytes:
    """A picture as the content of a file."""
    image = Image.fromarray(rgb)
    if width is not None and width < image.width:
        height = max(round(image.height * width / image.width), 1)
        image = image.resize((width, height), Image.Resampling.BOX, reducing_gap=1.0)
    file = io.BytesIO()
    image.save(file, FORMATS[form], **_HOW[form])
    return file.getvalue()
