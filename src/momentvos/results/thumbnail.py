"""Small picture of a frame with contours of its objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.results.contour import draw_contour
from momentvos.results.palette import Colour


def thumbnail(
    rgb: NDArray[np.uint8],
    masks: Sequence[NDArray[np.bool_]],
    colours: Sequence[Colour],
    height: int,
    line: int = 2,
) -> Image.Image:
    """A frame of `height` pixels, each object with a contour outside of it.

    rgb: uint8 [H, W, 3]. masks: bool [H, W] per object. line: width of a contour in pixels.
    """
    width = max(1, round(rgb.shape[1] * height / rgb.shape[0]))
    small = np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX))
    for mask, colour in zip(masks, colours, strict=True):
        draw_contour(small, shrunk(mask, width, height), colour, line)
    return Image.fromarray(small)


def shrunk(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """A mask at another size; an object stays at least a pixel."""
    whole = Image.fromarray(mask.astype(np.float32))
    cover = np.asarray(whole.resize((width, height), Image.Resampling.BOX))
    return np.asarray(cover > min(0.38, 0.99 * float(cover.max())))
