"""Pictures of frames: candidates outlined and numbered for a language model, boxes, a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from momentvos.systems.tracks.crops import box_of

SIDE = 512
"""Longer side of a picture, in pixels."""
CHART = (720, 180, 28)
"""Width, height and margin of a chart, in pixels."""
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
    wide = _width(picture.size)
    for number, mask in inner.items():
        made[_around(mask, wide + 1)] = _contrast(colour(number)[1])
        made[_around(mask, wide)] = colour(number)[1]
    drawn = Image.fromarray(made)
    if numbers:
        pen = ImageDraw.Draw(drawn)
        for number, mask in inner.items():
            if mask.any():
                left, top, right, _ = box_of(_largest(mask))
                _label(pen, str(number), ((left + right) / 2, top - wide), colour(number)[1])
    return np.asarray(drawn)


def boxed(
    rgb: NDArray[np.uint8],
    boxes: Sequence[tuple[tuple[float, float, float, float], str]],
    side: int = SIDE,
) -> NDArray[np.uint8]:
    """A frame with boxes (left, top, right, bottom) in its pixels, each with a text."""
    picture = _fit(Image.fromarray(rgb), side).copy()
    scale = picture.width / rgb.shape[1]
    pen, wide = ImageDraw.Draw(picture), _width(picture.size)
    placed = [(tuple(value * scale for value in box), text) for box, text in boxes]
    for number, (box, _) in enumerate(placed, start=1):
        fill = colour(number)[1]
        pen.rectangle(_grown(box, wide), outline=_contrast(fill), width=wide + 1)
        pen.rectangle(box, outline=fill, width=wide)
    for number, ((left, top, right, _), text) in enumerate(placed, start=1):
        _label(pen, text, ((left + right) / 2, top), colour(number)[1], lines=28)
    return np.asarray(picture)


def curve(
    values: Sequence[float], inside: Sequence[bool], threshold: float, seconds: float
) -> NDArray[np.uint8]:
    """A chart of values 0..1 over a video's frames; those `inside` are marked.

    threshold: drawn as a line. seconds: length of the video.
    """
    width, height, edge = CHART
    picture = Image.new("RGB", (width, height), (250, 250, 250))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=16)
    across, down = width - 2 * edge, height - 2 * edge
    starts = [edge + across * frame / len(values) for frame in range(len(values) + 1)]
    for frame, flag in enumerate(inside):
        if flag:
            pen.rectangle(
                (starts[frame], edge, starts[frame + 1], edge + down), fill=(190, 230, 195)
            )
    level = edge + down * (1 - threshold)
    pen.line((edge, level, edge + across, level), fill=(150, 150, 150), width=1)
    points = [
        ((starts[frame] + starts[frame + 1]) / 2, edge + down * (1 - value))
        for frame, value in enumerate(values)
    ]
    pen.line(points if len(points) > 1 else points * 2, fill=(30, 90, 200), width=3, joint="curve")
    pen.rectangle((edge, edge, edge + across, edge + down), outline=(120, 120, 120))
    grey = (90, 90, 90)
    pen.text((edge, edge - 6), "relevance 0 to 1", fill=grey, font=font, anchor="lb")
    pen.text((edge, height - edge + 4), "0 s", fill=grey, font=font, anchor="lt")
    end = (edge + across, height - edge + 4)
    pen.text(end, f"{seconds:.1f} s", fill=grey, font=font, anchor="rt")
    return np.asarray(picture)


def _fit(picture: Image.Image, side: int) -> Image.Image:
    longer = max(picture.size)
    if longer <= side:
        return picture
    size = tuple(max(round(length * side / longer), 1) for length in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _width(size: tuple[int, int]) -> int:
    """Of an outline: seen at a glance, and narrow beside what it surrounds."""
    return max(round(min(size) / 160), 1)


def _around(mask: NDArray[np.bool_], wide: int) -> NDArray[np.bool_]:
    """Pixels along a mask's outline, outside of it and of its holes, so that all of it is seen."""
    grown: NDArray[np.bool_] = ndimage.binary_dilation(mask, iterations=wide)
    outside = grown & ~ndimage.binary_fill_holes(mask)
    return outside if outside.any() else mask


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of a mask that is not empty, which its number belongs to."""
    pieces, _ = ndimage.label(mask)
    largest: NDArray[np.bool_] = pieces == 1 + np.bincount(pieces[mask])[1:].argmax()
    return largest


def _contrast(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white, whichever is easier to tell from a colour."""
    bright = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
    return (0, 0, 0) if bright > 110 else (255, 255, 255)


def _grown(box: tuple[float, ...], more: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left - more / 2, top - more / 2, right + more / 2, bottom + more / 2


def _label(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: tuple[float, float],
    fill: tuple[int, int, int],
    lines: int = 20,
) -> None:
    """Write on a plate whose lower edge is centred at (x, y), moved into the picture.

    lines: of that height would fill the picture.
    """
    width, height = pen.im.size
    font = ImageFont.load_default(size=max(min(width, height) // lines, 11))
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    pad = max((bottom - top) // 4, 2)
    wide, high = right - left + 2 * pad, bottom - top + 2 * pad
    x = min(max(place[0] - wide / 2, 0), max(width - wide - 1, 0))
    y = min(max(place[1] - high, 0), max(height - high - 1, 0))
    ink = _contrast(fill)
    pen.rounded_rectangle((x, y, x + wide, y + high), radius=pad, fill=fill, outline=ink)
    pen.text((x + pad - left, y + pad - top), text, fill=ink, font=font)
