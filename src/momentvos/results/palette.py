"""Colours of objects: told apart by colour-blind eyes, and unlike what lies below the mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentvos.moment import midpoints

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction

Colour = tuple[int, int, int]
"""Red, green and blue, 0..255."""

PALETTE: tuple[Colour, ...] = (
    (250, 172, 0),
    (0, 235, 175),
    (255, 45, 35),
    (170, 140, 255),
    (0, 146, 109),
    (46, 16, 255),
    (155, 0, 135),
    (255, 255, 255),
)
"""Amber, mint, red, lavender, green, blue, plum, white: lively ones first.

Any two differ by 0.11 in OKLab, also as seen without red, green or blue cones (Machado et al.,
2009).
"""
DARK: Colour = (16, 18, 22)
LIGHT: Colour = (255, 255, 255)
_LIGHTNESS = 0.62
"""OKLab's lightness from which a colour is paired with a dark rim."""
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FRAMES, _PIXELS = 3, 400
"""Frames looked at per object, and pixels of a frame, of the object and around it."""
_SHARE = 20
"""Per cent of the pixels that a colour may be nearer to than its contrast."""
_ENOUGH = 0.2
"""Distance in OKLab from which two colours are told apart at once."""


def oklab(rgb: Any) -> NDArray[np.float64]:
    """OKLab of sRGB values 0..255, [..., 3]: lightness 0..1, green-red, blue-yellow.

    Distances in it follow those that people see. Source: Ottosson, "A perceptual color space for
    image processing", 2020.
    """
    value = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T)


def rim(colour: Colour) -> Colour:
    """The other tone of a line: nearly black beside a light colour, white beside a dark one."""
    return DARK if oklab(colour)[0] >= _LIGHTNESS else LIGHT


def assign(grounds: Sequence[NDArray[np.uint8] | None]) -> list[Colour]:
    """A colour for each object: different ones, unlike what lies below.

    grounds: per object the pixels that it is drawn on or beside, uint8 [N, 3]; None: unknown.
    Of colours that differ enough the earlier one of the palette is taken. Beyond eight objects
    the colours repeat.
    """
    from scipy.optimize import linear_sum_assignment

    chosen: list[Colour] = []
    for first in range(0, len(grounds), len(PALETTE)):
        batch = grounds[first : first + len(PALETTE)]
        order = 5e-3 * np.arange(len(PALETTE))
        costs = [order - np.minimum(_contrasts(ground), _ENOUGH) for ground in batch]
        _, places = linear_sum_assignment(np.array(costs))
        chosen += [PALETTE[place] for place in places]
    return chosen


def choose(predictions: Sequence[Prediction], video: Video | None) -> list[Colour]:
    """Colours of predictions about one video, from a few of its frames; the same for all frames."""
    if video is None:
        return assign([None] * len(predictions))
    wanted: dict[int, list[int]] = {}
    for number, prediction in enumerate(predictions):
        seen = prediction.masklet.frames()
        inside = [frame for frame in seen if frame in prediction.moment]
        for place in midpoints(inside or seen, _FRAMES):
            wanted.setdefault(place, []).append(number)
    below: list[list[NDArray[np.uint8]]] = [[] for _ in predictions]
    for frame in video.read(sorted(wanted)):
        for number in wanted[frame.index]:
            below[number].append(ground(frame.rgb, predictions[number].masklet.get(frame.index)))
    return assign([np.concatenate(parts) if parts else None for parts in below])


def ground(rgb: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Some pixels of an object and as many around it, uint8 [N, 3].

    mask: bool [H, W], not empty.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    reach = 2 + max(mask.shape) // 40
    top, left = max(rows[0] - reach, 0), max(columns[0] - reach, 0)
    box = np.s_[top : rows[-1] + reach + 1, left : columns[-1] + reach + 1]
    part, flags = rgb[box], mask[box]
    return np.concatenate([_some(part[flags]), _some(part[~flags])])


def _some(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[:: max(1, len(pixels) // _PIXELS)]


def _contrasts(ground: NDArray[np.uint8] | None) -> NDArray[np.float64]:
    """How far each colour of the palette is from nearly all of the pixels."""
    if ground is None:
        return np.zeros(len(PALETTE))
    distances = np.linalg.norm(oklab(ground)[:, None] - oklab(PALETTE), axis=-1)
    return np.asarray(np.percentile(distances, _SHARE, axis=0))
