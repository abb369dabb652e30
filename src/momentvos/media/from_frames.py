"""A source of the frames that arrays, tensors, Pillow images, or anything that yields them hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.errors import VideoError
from momentvos.media.array_source import ArraySource
from momentvos.media.frame import check_size
from momentvos.media.frame_pixels import as_uint8, colours_last, is_array, pixels_of, to_numpy
from momentvos.media.frame_rate import frame_rate
from momentvos.ranges import shown

if TYPE_CHECKING:
    from momentvos.media.video import Source

_HOW = "give an array [T, height, width, 3], or a list or generator of arrays or Pillow images"


def source_of(frames: Any, fps: Any, name: str) -> Source:
    """See `Video.from_frames`."""
    rate = frame_rate(fps)
    if isinstance(frames, Image.Image):
        frames = [frames]
    if is_array(frames):
        return ArraySource(_of_array(frames, name), rate)
    if not isinstance(frames, Iterable) or isinstance(frames, Mapping | Set):
        raise VideoError(f"{shown(frames)} is no video; {_HOW}, or the path of a video.")
    pixels = _alike(frames, name)
    if isinstance(frames, Sequence):
        return ArraySource(list(pixels), rate)
    first = next(pixels)
    from momentvos.media.spooled_frames import SpoolSource

    return SpoolSource(chain([first], pixels), rate)


def _of_array(frames: Any, name: str) -> NDArray[np.uint8]:
    """[T, H, W, 3]; the given array itself, not a copy, where it is so already."""
    shape = tuple(frames.shape)
    if len(shape) != 4:
        one = " One frame: frames[None]." if len(shape) == 3 else ""
        raise VideoError(
            f"An array of shape {shape} is no video; give [T, height, width, 3] or "
            f"[T, 3, height, width].{one}"
        )
    if 0 in shape:
        raise VideoError(f"An array of shape {shape} holds no frame.")
    given = colours_last(to_numpy(frames))
    check_size(name, *given.shape[1:3])
    if given.dtype == np.uint8:
        return given
    made = np.empty(given.shape, np.uint8)
    for number, frame in enumerate(given):  # one by one, for the memory of what lies between
        made[number] = as_uint8(frame, number)
    return made


def _alike(frames: Iterable[Any], name: str) -> Iterator[NDArray[np.uint8]]:
    """The frames' pixels. Raises VideoError where there is none, and where sizes differ."""
    size: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        rgb = pixels_of(frame, number)
        if size is None:
            size = rgb.shape
            check_size(name, *size[:2])
        if rgb.shape != size:
            raise VideoError(
                f"Frame {number} is {rgb.shape[1]} x {rgb.shape[0]} pixels, but frame 0 is "
                f"{size[1]} x {size[0]}; all frames of a video must be alike."
            )
        yield rgb
    if size is None:
        raise VideoError(f"There is no frame; {_HOW}.")
