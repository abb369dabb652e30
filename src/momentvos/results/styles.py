"""Overlay styles: what becomes of an object and of its surroundings inside the moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import OutputError
from momentvos.results.contour import box_of, draw_contour, rim_width
from momentvos.results.palette import Colour

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_GROUND = (236, 238, 241)
"""Of a cutout."""
_REDUCED = 4
"""Size over which surroundings are blurred at once."""


@dataclass(frozen=True)
class Object:
    """One object in a frame.

    mask: bool [H, W]. inside: whether the frame belongs to its moment. colour: of line and fill.
    """

    mask: Mask
    inside: bool
    colour: Colour


@dataclass(frozen=True)
class Style:
    """How objects are drawn.

    surroundings: from (frame, mask of what is meant now) the frame around it, None: as it is.
    fill: share of the colour in the object's pixels. line: width of the contour inside the
    moment over that of other styles, 0: none.
    """

    surroundings: Callable[[Picture, Mask], Picture] | None = None
    fill: float = 0.0
    line: float = 1.0


def render(rgb: Picture, objects: Sequence[Object], style: Style, line: int) -> Picture:
    """A frame with its objects, as a new picture, uint8 [H, W, 3].

    Outside its moment an object has a thin contour and nothing else. line: width of contours in
    pixels.
    """
    meant = [one for one in objects if one.inside and one.mask.any()]
    if style.surroundings is not None and meant:
        union = meant[0].mask if len(meant) == 1 else np.any([one.mask for one in meant], axis=0)
        drawn = style.surroundings(rgb, union)
        _restore(drawn, rgb, union)
    else:
        drawn = rgb.copy()
    if style.fill:
        for one in meant:
            _fill(drawn, one, style.fill)
    _draw_contours(drawn, objects, style, line)
    return drawn


def dimmed(rgb: Picture, mask: Mask) -> Picture:
    """The frame at 5/8 of its brightness."""
    return np.asarray((rgb >> 1) + (rgb >> 3))


def in_the_dark(rgb: Picture, mask: Mask) -> Picture:
    """The frame in grey, at a quarter of its brightness."""
    from PIL import Image

    grey = np.asarray(Image.fromarray(rgb).convert("L")) >> 2
    return np.repeat(grey, 3, axis=1).reshape(rgb.shape)


def blurred(rgb: Picture, mask: Mask) -> Picture:
    """The frame out of focus, into which the object's own colours do not run."""
    from PIL import Image, ImageFilter

    height, width = mask.shape
    reduced = max(1, min(_REDUCED, min(height, width) // 32))
    blur = ImageFilter.BoxBlur(max(1, min(height, width) // 40 // reduced))
    without = _rows(rgb) * np.repeat(~mask, 3, axis=1)
    sums, weights = (
        np.asarray(image.reduce(reduced).filter(blur).filter(blur), np.float32)
        for image in (
            Image.fromarray(without.reshape(rgb.shape)),
            Image.fromarray(~mask * np.uint8(255)),
        )
    )
    mean = sums * 255 / np.maximum(weights, 1)[..., None]
    small = Image.fromarray(np.minimum(mean, 255).astype(np.uint8))
    return np.array(small.resize((width, height), Image.Resampling.BILINEAR))


def on_plain_ground(rgb: Picture, mask: Mask) -> Picture:
    """A frame of one light grey."""
    ground = np.empty_like(rgb)
    ground.reshape(len(rgb), -1)[:] = np.tile(np.array(_GROUND, np.uint8), rgb.shape[1])
    return ground


STYLES = {
    "highlight": Style(dimmed, fill=0.15),
    "contour": Style(),
    "fill": Style(fill=0.45),
    "spotlight": Style(in_the_dark, line=0.5),
    "blur": Style(blurred, line=0.5),
    "cutout": Style(on_plain_ground, line=0),
}
"""By name, the default first."""
DEFAULT = next(iter(STYLES))


def check_style(name: str) -> str:
    """The name of a style. Raises OutputError where there is none of that name."""
    if name not in STYLES:
        raise OutputError(f"'{name}' is no style of overlays; choose from {', '.join(STYLES)}.")
    return name


def _draw_contours(drawn: Picture, objects: Sequence[Object], style: Style, line: int) -> None:
    """Contours around the same pixels run around each other, those meant now innermost."""
    outer: list[tuple[Mask, int]] = []
    for one in sorted(objects, key=lambda one: not one.inside):
        width = style.line * line if one.inside else line / 2
        if not width:
            continue
        whole = max(1, round(width))
        gap = max((reach for mask, reach in outer if _overlap(mask, one.mask)), default=0)
        draw_contour(drawn, one.mask, one.colour, whole, gap)
        outer.append((one.mask, gap + whole + rim_width(whole)))


def _overlap(one: Mask, other: Mask) -> bool:
    """Whether half of one mask lies in the other."""
    smaller = min(int(np.count_nonzero(one)), int(np.count_nonzero(other)))
    return 2 * int(np.count_nonzero(one & other)) > smaller


def _restore(drawn: Picture, rgb: Picture, mask: Mask) -> None:
    """Copy the masked pixels of a frame into what has been drawn."""
    box = box_of(mask)
    if box is not None:
        _set(drawn[box], _rows(rgb[box]), mask[box])


def _set(part: Picture, values: Picture, mask: Mask) -> None:
    """Set the masked pixels of a part of a picture from rows of bytes."""
    # Whole rows of bytes are many times faster than pixels of three.
    np.copyto(_rows(part), values, where=np.repeat(mask, 3, axis=1))


def _rows(picture: Picture) -> Picture:
    return picture.reshape(len(picture), -1)


def _fill(drawn: Picture, one: Object, share: float) -> None:
    box = box_of(one.mask)
    if box is None:
        return
    part = _rows(drawn[box]).astype(np.uint16)
    added = (np.array(one.colour) * share * 256).astype(np.uint16)
    mixed = part * np.uint16((1 - share) * 256) + np.tile(added, part.shape[1] // 3)
    filled = (mixed >> 8).astype(np.uint8)
    _set(drawn[box], filled, one.mask[box])
