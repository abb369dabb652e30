"""Pictures for a language model: frames on which candidates are outlined and numbered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE = 512
"""Longer side of a picture, in pixels."""
COLOURS: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("red", (255, 40, 40)),
    ("green", (40, 220, 60)),
    ("blue", (60, 110, 255)),
    ("yellow", (255, 220, 30)),
    ("magenta", (255, 60, 230)),
    ("cyan", (40, 230, 240)),
    ("orange", (255, 140, 20)),
    ("purple", (150, 70, 230)),
    ("white", (255, 255, 255)),
    ("lime", (180, 255, 60)),
    ("brown", (150, 90, 40)),
    ("pink", (255, 170, 190)),
)


def colour(number: int) -> tuple[str, tuple[int, int, int]]:
    """Name and RGB of the outline of candidate `number`, from 1; they repeat after twelve."""
    return COLOURS[(number - 1) % len(COLOURS)]


def small(rgb: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """A picture whose longer side is at most `side` pixels."""
    return np.asarray(_fit(Image.fromarray(rgb), side))


def outlined(
    rgb: NDArray[np.uint8],
    masks: Mapping[int, NDArray[np.bool_]],
    numbers: bool = True,
    side: int = SIDE,
) -> NDArray[np.uint8]:
    """A frame with the outlines of candidates, and their numbers unless these would hide much.

    masks: bool [H, W] by number, from 1.
    """
    picture = _fit(Image.fromarray(rgb), side)
    made = np.array(picture)
    inner = {
        number: np.asarray(Image.fromarray(mask).resize(picture.size, Image.Resampling.NEAREST))
        for number, mask in masks.items()
    }
    for number, mask in inner.items():
        made[_edge(mask)] = colour(number)[1]
    if not numbers:
        return made
    drawn = Image.fromarray(made)
    pen = ImageDraw.Draw(drawn)
    font = ImageFont.load_default(size=max(min(drawn.size) // 18, 10))
    for number, mask in inner.items():
        if mask.any():
            _write(pen, str(number), _middle(mask), colour(number)[1], font)
    return np.asarray(drawn)


def _fit(picture: Image.Image, side: int) -> Image.Image:
    longer = max(picture.size)
    if longer <= side:
        return picture
    size = tuple(max(round(length * side / longer), 1) for length in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels along a mask's outline, outside of it, so that small objects stay visible."""
    wide = 1 + max(mask.shape) // 400
    grown: NDArray[np.bool_] = ndimage.binary_dilation(mask, iterations=wide)
    inside_only = grown & ~mask
    return inside_only if inside_only.any() else mask


def _middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """(x, y) of the place of a mask that is farthest from its outline."""
    padded = np.pad(mask, 1)
    place = int(ndimage.distance_transform_edt(padded).argmax())
    row, column = np.unravel_index(place, padded.shape)
    return int(column) - 1, int(row) - 1


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: tuple[int, int],
    fill: tuple[int, int, int],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    pen.text(place, text, fill=fill, font=font, anchor="mm", stroke_width=2, stroke_fill=(0, 0, 0))
