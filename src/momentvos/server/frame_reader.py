"""Frames of videos by number as pictures; videos stay open, and walks forward go on."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.media.video import Video

OPEN = 4
"""Videos that are held open."""
FORMATS = {"webp": "WEBP", "jpeg": "JPEG", "png": "PNG"}
_HOW = {
    "webp": {"quality": 82, "method": 1},
    "jpeg": {"quality": 88},
    "png": {"compress_level": 1},
}


class FrameReader:
    """Frames of a few videos; one that follows the last is decoded from where that ended."""

    def __init__(self) -> None:
        self._walks: OrderedDict[str, _Walk] = OrderedDict()

    def picture(self, path: str, number: int, form: str, width: int | None) -> bytes:
        """A frame as a file. width: pixels to scale it down to. Raises VideoError."""
        walk = self._walks.pop(path, None) or _Walk(Path(path))
        rgb = walk.at(number)
        self._walks[path] = walk
        while len(self._walks) > OPEN:
            self._walks.popitem(last=False)
        image = Image.fromarray(rgb)
        if width is not None and width < image.width:
            height = max(round(image.height * width / image.width), 1)
            image = image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
        file = io.BytesIO()
        image.save(file, FORMATS[form], **_HOW[form])
        return file.getvalue()


class _Walk:
    """A walk through a video, forward without decoding anything twice."""

    def __init__(self, path: Path) -> None:
        self._video = Video.open(path)
        self._wanted = 0
        self._last = -1
        self._frames: Iterator[NDArray[np.uint8]] = iter(())

    def at(self, number: int) -> NDArray[np.uint8]:
        if number < self._last or self._last < 0:
            self._frames = (frame.rgb for frame in self._video.read(self._numbers()))
        self._wanted = number
        try:
            rgb = next(self._frames)
        except BaseException:
            self._last = -1  # the walk has ended with the error
            raise
        self._last = number
        return rgb

    def _numbers(self) -> Iterator[int]:
        """Whatever is wanted when the next frame is read."""
        while True:
            yield self._wanted
