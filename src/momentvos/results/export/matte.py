"""Luma matte: a grey lossless video in which white is the object.

``.mov`` holds QuickTime Animation (run-length coded RGB), which film editors open as it is and
which keeps any frame times exactly; ``.mkv`` holds FFV1, smaller, for FFmpeg, Blender and Natron,
whose times are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from momentvos.results.export.film import Film
from momentvos.results.export.footage import footage, probe
from momentvos.results.export.soft_mask import SoftMask, bounds

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the matte of one prediction; returns notes. Raises OutputError, VideoError."""
    (prediction,) = predictions
    clip = footage(prediction, options)
    size = (prediction.video.height, prediction.video.width)
    grey = out.suffix == ".mkv"
    codec, pixels = ("ffv1", "gray") if grey else ("qtrle", "rgb24")
    how = {"level": "3", "g": "1", "slices": "4"} if grey else {}
    canvas = _Canvas(size)
    code = probe(prediction, options).timecode
    with Film(out, size, clip, codec, pixels, how, code) as film:
        for index, opacity in opacities(prediction, options):
            if grey:
                frame = av.VideoFrame.from_ndarray(opacity, format="gray")
            else:
                frame = av.VideoFrame.from_ndarray(canvas.paint(opacity), format="rgb24")
            film.write(frame)
            options.report(index + 1, prediction.video.length)
    return clip.notes


def opacities(prediction: Prediction, options: Options) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Number and opacity, uint8 [H, W], of every frame."""
    soft = SoftMask.of(options)
    size = (prediction.video.height, prediction.video.width)
    there = set(prediction.masklet.frames())
    nothing = np.zeros(size, np.uint8)
    for index in range(prediction.video.length):
        if index in there:
            yield index, soft.opacity(prediction.masklet.get(index))
        else:
            yield index, nothing


class _Canvas:
    """An RGB picture that is painted anew only where something is to be seen."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._rgb = np.zeros((*size, 3), np.uint8)
        self._box: tuple[slice, slice] | None = None

    def paint(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The grey picture, uint8 [H, W], in three equal channels; valid until the next call."""
        if self._box is not None:
            self._rgb[self._box] = 0
        self._box = bounds(grey != 0)
        if self._box is not None:
            self._rgb[self._box] = grey[self._box][..., None]
        return self._rgb
