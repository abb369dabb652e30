"""Orientation of image files by their Exif."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_TAG = 0x0112
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""


def orientation_of(image: Image) -> int:
    """Read the orientation, 1 to 8; damaged Exif is as none.

    Pillow turns a TIFF by itself when it decodes it, after which this is 1. It gives the turns of
    AVIF as Exif, and pillow-heif turns by itself.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Corrupt EXIF")
            value = int(image.getexif().get(_TAG, 1))
    except Exception:  # the parser raises whatever it meets
        return 1
    return value if 1 <= value <= 8 else 1


def turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn stored pixels [H, W, ...] upright, as a view."""
    if orientation in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
