"""Conversion of decoded frames to upright 8-bit RGB."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame

_UNSPECIFIED = 2
_HD_LINES = 720
_SIDE_TYPES = 128
"""More than the types of side data that any FFmpeg has (AVFrameSideDataType); 8 has 33."""


class Upright:
    """Converter of a stream's frames to uint8 [H, W, 3], rotated and mirrored by its metadata.

    Made from the video's first frame. Later frames of another size (streams may switch) are scaled
    to it.
    """

    def __init__(self, first: VideoFrame) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()
        self._coded = (first.height, first.width)
        self._turn = display_turn(first)
        self.sideways = self._turn[0]
        self.size = (first.width, first.height) if self.sideways else self._coded

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        alpha = any(component.is_alpha for component in frame.format.components)
        guess: dict[str, Any] = {}
        if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES:
            guess["src_colorspace"] = "ITU709"
        converted = self._reformatter.reformat(
            frame,
            width=self._coded[1],
            height=self._coded[0],
            format="rgba" if alpha else "rgb24",
            **guess,
        )
        pixels = cast("NDArray[np.uint8]", converted.to_ndarray())
        rgb = over_black(pixels) if alpha else pixels
        transpose, mirror, flip = self._turn
        if transpose:
            rgb = rgb.transpose(1, 0, 2)
        if mirror:
            rgb = rgb[:, ::-1]
        if flip:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)


def display_turn(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """(transpose, then mirror left-right, then flip top-bottom) of the frame's display matrix.

    The matrix is 3*3 in 16.16 fixed point with x' = a x + c y, y' = b x + d y for its first rows
    (a b u), (c d v) (FFmpeg, libavutil/display.h). Turns that are not quarters are rounded.
    """
    try:
        matrix = _matrix(frame)
    except ValueError:  # of side data that this PyAV has no name for, such as Exif
        matrix = _matrix(_with_matrix_alone(frame))
    if matrix is None:
        return False, False, False
    a, b, _, c, d = struct.unpack("=9i", matrix[:36])[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def _matrix(frame: VideoFrame) -> bytes | None:
    """The display matrix. PyAV raises ValueError where any side data is of an unknown type."""
    sides: Any = frame.side_data
    matrix = sides.get("DISPLAYMATRIX")
    return None if matrix is None else bytes(matrix)


def _with_matrix_alone(frame: VideoFrame) -> VideoFrame:
    """The frame without any other side data, by FFmpeg's filter, which knows types as numbers."""
    from av.filter import Graph
    from av.sidedata.sidedata import Type

    types: Any = Type  # whose stubs have no plain values
    kept = types.DISPLAYMATRIX.value
    graph = Graph()
    last: Any = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
    )
    for number in range(_SIDE_TYPES):
        if number != kept:
            following = graph.add("sidedata", f"mode=delete:type={number}")
            last.link_to(following)
            last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return cast("VideoFrame", graph.pull())


def over_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay H*W*4 with straight alpha over black: H*W*3."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 127) // 255).astype(np.uint8)
