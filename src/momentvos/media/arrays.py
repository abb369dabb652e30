"""Videos from frames in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ArgumentError, VideoError
from momentvos.media.array_source import ArraySource
from momentvos.media.frame_pixels import is_array
from momentvos.media.video import Video


class ArrayVideo(Video):
    """A `Video` of frames in memory.

    rgb: uint8 [T, H, W, 3]. fps: frames per second, constant. name: stands in for the path.
    Raises ArgumentError for an array of another shape or type, or a rate out of bounds;
    `Video.from_frames` takes other arrays too.
    """

    def __init__(self, rgb: NDArray[Any], fps: float, name: str = "memory") -> None:
        if not is_array(rgb) or len(rgb.shape) != 4 or rgb.shape[-1] != 3 or 0 in rgb.shape:
            shape = tuple(rgb.shape) if is_array(rgb) else type(rgb).__name__
            raise ArgumentError(f"Frames must be uint8 [T, H, W, 3], not {shape}.")
        if rgb.dtype != np.uint8:
            raise ArgumentError(f"Frames must be uint8 [T, H, W, 3], not {rgb.dtype}.")
        try:
            source = ArraySource(rgb, fps)
        except VideoError as error:
            raise ArgumentError(f"These frames per second do not do: {error}") from None
        super().__init__(Path(name), source)
