"""One frame of a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentvos.errors import VideoError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".heic", ".heif", ".hif", ".jpeg", ".jpg", ".png", ".ppm"}
    | {".tif", ".tiff", ".webp"}
)
"""What image files end in, in small letters."""
MAX_PIXELS = 8192 * 8192
"""Most pixels of a frame; an 8K frame has half as many."""
MAX_SIDE = 16384
"""Most pixels of a side that H.264's encoder takes."""


@dataclass(frozen=True)
class Frame:
    """A frame: 0-based index, start time in seconds (frame 0 at 0.0), rgb uint8 [H, W, 3]."""

    index: int
    time: float
    rgb: NDArray[np.uint8]


def check_size(path: object, height: int, width: int) -> None:
    """Raise VideoError for a frame without pixels, or with more than overlays can have."""
    if min(height, width) < 1:
        raise VideoError(f"'{path}' has pictures of {width} x {height} pixels; nothing to see.")
    if height * width > MAX_PIXELS:
        raise VideoError(
            f"'{path}' has pictures of {width} x {height} pixels, more than "
            f"{MAX_PIXELS // 1_000_000} megapixels; scale it down first."
        )
    if max(height, width) > MAX_SIDE:
        raise VideoError(
            f"'{path}' has pictures of {width} x {height} pixels; no side may have more than "
            f"{MAX_SIDE}: scale it down, or cut it."
        )
