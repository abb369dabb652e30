"""Two-toned contour of a mask: a coloured line and its rim, seen on any ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentvos.results.palette import Colour, rim

_FULL = 9
"""Weight of a pixel whose 3 x 3 neighbours are all set."""


def draw_contour(
    rgb: NDArray[np.uint8], mask: NDArray[np.bool_], colour: Colour, line: int, gap: int = 0
) -> None:
    """Draw a line around a mask in place, outside of it, so that all of the object is seen.

    rgb: uint8 [H, W, 3]. mask: bool [H, W]. line: width in pixels; the rim adds half as much.
    gap: pixels between mask and line, where another contour runs.
    """
    edge = rim_width(line)
    box = box_of(mask, gap + line + edge + 1)
    if box is None:
        return
    inner = grown(mask[box].view(np.uint8), gap)
    middle = grown(inner, line)
    keep, coloured, whole = inner * np.uint8(_FULL), _soft(middle), _soft(grown(middle, edge))
    places = np.nonzero(whole > keep)
    kept, lined, all_of_it = (part[places].astype(np.uint16) for part in (keep, coloured, whole))
    under = rgb[box][places]
    mixed = (_FULL - all_of_it + kept)[:, None] * under
    mixed += np.outer(lined - kept, np.array(colour, np.uint16))
    mixed += np.outer(all_of_it - lined, np.array(rim(colour), np.uint16))
    rgb[box][places] = mixed // _FULL


def rim_width(line: int) -> int:
    """Width in pixels of the rim of a line."""
    return max(1, line // 2)


def box_of(mask: NDArray[np.bool_], reach: int = 0) -> tuple[slice, slice] | None:
    """Rows and columns of a mask and `reach` more around, inside the frame; None where empty."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask.any(0))
    return (
        slice(max(int(rows[0]) - reach, 0), int(rows[-1]) + reach + 1),
        slice(max(int(columns[0]) - reach, 0), int(columns[-1]) + reach + 1),
    )


def grown(flags: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Flags, 0 or 1 [H, W], spread over an octagon of `reach` pixels: steps of cross and square."""
    for step in range(reach):
        tall = flags.copy()
        tall[1:] |= flags[:-1]
        tall[:-1] |= flags[1:]
        wide = tall.copy()
        across = tall if step % 2 else flags
        wide[:, 1:] |= across[:, :-1]
        wide[:, :-1] |= across[:, 1:]
        flags = wide
    return flags


def _soft(flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Weights of set pixels, which are full, and of their neighbours, for a smooth outer edge."""
    padded = np.pad(flags, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    near = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return np.maximum(near, flags * np.uint8(_FULL))
