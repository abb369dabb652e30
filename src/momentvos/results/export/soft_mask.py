"""Opacity of a mask whose edge is moved and softened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options


_NEAR = 24
"""Reach in pixels up to which steps over the picture are faster than SciPy's transform."""


@dataclass(frozen=True)
class SoftMask:
    """Turns masks into opacity.

    With d the distance of a pixel's centre to the mask's edge, positive inside, opacity is a ramp
    of d + grow from 0 to 1 over `feather` pixels, which is 1/2 on the moved edge. Distances are
    Euclidean, so corners stay round; the border of the picture is no edge.

    Attributes:
        feather: width of the ramp in pixels; 0 for a hard edge.
        grow: pixels by which the edge moves outward; negative: inward.
    """

    feather: float = 0.0
    grow: float = 0.0

    @classmethod
    def of(cls, options: Options) -> SoftMask:
        return cls(float(options.feather), float(options.grow))

    def opacity(self, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Opacity of each pixel, uint8 [H, W], 255 is opaque; mask: bool [H, W]."""
        if not self.feather and not self.grow:
            return mask.astype(np.uint8) * np.uint8(255)
        whole = np.zeros(mask.shape, np.uint8)
        reach = max(self.grow + self.feather / 2, 0.0)
        box = bounds(mask, math.ceil(reach) + 1)
        if box is None:
            return whole
        whole[box] = self._ramp(mask[box])
        return whole

    def _ramp(self, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
        reach = math.ceil(abs(self.grow) + self.feather / 2) + 1
        moved = _distance(mask, reach) + np.float32(self.grow)
        if not self.feather:
            hard: NDArray[np.uint8] = (moved > 0).astype(np.uint8) * np.uint8(255)
            return hard
        share = np.clip(moved / np.float32(self.feather) + np.float32(0.5), 0, 1)
        soft: NDArray[np.uint8] = np.rint(share * np.float32(255)).astype(np.uint8)
        return soft


def bounds(mask: NDArray[np.bool_], pad: int = 0) -> tuple[slice, slice] | None:
    """Rows and columns of the pixels that are set, and `pad` more; None where none is."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(0))
    return (
        slice(max(int(rows[0]) - pad, 0), int(rows[-1]) + 1 + pad),
        slice(max(int(columns[0]) - pad, 0), int(columns[-1]) + 1 + pad),
    )


def _distance(mask: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Signed distance of pixels' centres to the mask's edge, positive inside, float32 [H, W].

    Beyond `reach` it is only known to be larger.
    """
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    nearest = _near if reach <= _NEAR else _far
    inside, outside = nearest(~mask, reach), nearest(mask, reach)
    signed: NDArray[np.float32] = np.where(mask, inside - 0.5, 0.5 - outside)
    return signed


def _near(flags: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Distance to the nearest set pixel, first along rows, then across them."""
    across = np.where(flags, 0, reach + 1).astype(np.int16)
    for _ in range(reach):
        np.minimum(across[:, 1:], across[:, :-1] + 1, out=across[:, 1:])
        np.minimum(across[:, :-1], across[:, 1:] + 1, out=across[:, :-1])
    squares = across * across
    least = squares.copy()
    for step in range(1, min(reach, len(flags) - 1) + 1):
        square = np.int16(step * step)
        np.minimum(least[step:], squares[:-step] + square, out=least[step:])
        np.minimum(least[:-step], squares[step:] + square, out=least[:-step])
    return np.sqrt(least, dtype=np.float32)


def _far(flags: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """The same at any reach."""
    from scipy.ndimage import distance_transform_edt

    distance: NDArray[np.float32] = distance_transform_edt(~flags).astype(np.float32)
    return distance
