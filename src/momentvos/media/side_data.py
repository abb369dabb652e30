"""Side data of a decoded frame: how to turn it, how bright its brightest light is."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from av import VideoFrame

_TYPES = 128
"""More than the types of side data that any FFmpeg has (AVFrameSideDataType); 8 has 33."""
_READ = ("DISPLAYMATRIX", "CONTENT_LIGHT_LEVEL", "MASTERING_DISPLAY_METADATA")


def display_turn(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """(transpose, then mirror left-right, then flip top-bottom) of the frame's display matrix.

    The matrix is 3*3 in 16.16 fixed point with x' = a x + c y, y' = b x + d y for its first rows
    (a b u), (c d v) (FFmpeg, libavutil/display.h). Turns that are not quarters are rounded.
    """
    matrix = _side_data(frame).get("DISPLAYMATRIX")
    if matrix is None:
        return False, False, False
    a, b, _, c, d = struct.unpack("=9i", matrix[:36])[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def peak_nits(frame: VideoFrame) -> float | None:
    """Nits of the brightest light that an HDR10 stream promises, or None.

    MaxCLL where it is given, else the peak of the display that the programme was made on (structs
    of libavutil/mastering_display_metadata.h).
    """
    sides = _side_data(frame)
    content = sides.get("CONTENT_LIGHT_LEVEL", b"")
    if len(content) >= 4 and (brightest := struct.unpack("=I", content[:4])[0]):
        return float(brightest)
    display = sides.get("MASTERING_DISPLAY_METADATA", b"")
    if len(display) >= 88:
        numerator, denominator, _, has_luminance = struct.unpack("=4i", display[72:88])
        if has_luminance and numerator > 0 and denominator > 0:
            return float(numerator / denominator)
    return None


def _side_data(frame: VideoFrame) -> dict[str, bytes]:
    """Side data that is of use here. PyAV raises ValueError where any is of an unknown type."""
    try:
        return _named(frame)
    except ValueError:  # of side data that this PyAV has no name for, such as Exif
        return _named(_without_others(frame))


def _named(frame: VideoFrame) -> dict[str, bytes]:
    sides: Any = frame.side_data
    values = {name: sides.get(name) for name in _READ}
    return {name: bytes(value) for name, value in values.items() if value is not None}


def _without_others(frame: VideoFrame) -> VideoFrame:
    """The frame without other side data, by FFmpeg's filter, which knows types as numbers."""
    from av.filter import Graph
    from av.sidedata.sidedata import Type

    types: Any = Type  # whose stubs have no plain values
    kept = {types[name].value for name in _READ}
    graph = Graph()
    last: Any = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
    )
    for number in sorted(set(range(_TYPES)) - kept):
        following = graph.add("sidedata", f"mode=delete:type={number}")
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return cast("VideoFrame", graph.pull())
