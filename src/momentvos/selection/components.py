"""Connected pieces of masks, and which pieces of neighbouring frames are one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco
from scipy import ndimage

SMALLEST = 1 / 512
"""Smaller pieces, as a share of the picture, are left out."""
ALIKE = 0.25
"""Pieces of neighbouring frames with a larger intersection over union are one thing."""
GAP = 2
"""A thing is still the same where it comes back after this many frames."""
FIT = 0.7
"""Anchors but the first have at least this share of the usual size, and the inverse at most."""


@dataclass(frozen=True)
class Piece:
    """A connected piece of one frame's mask.

    Attributes:
        frame: frame number.
        mask: COCO run-length encoding.
        area: pixels.
        belief: mean probability inside, 0..1.
    """

    frame: int
    mask: dict[str, Any]
    area: int
    belief: float

    def pixels(self) -> NDArray[np.bool_]:
        """The mask, H*W."""
        return np.ascontiguousarray(coco.decode(self.mask)).view(bool)


def pieces(frame: int, mask: NDArray[np.bool_], belief: NDArray[np.floating]) -> list[Piece]:
    """The connected pieces of a mask `[H, W]`; belief: probabilities `[H, W]`."""
    labels, count = ndimage.label(mask)
    made = []
    for number in range(1, count + 1):
        inside = labels == number
        area = int(inside.sum())
        if area >= SMALLEST * mask.size:
            made.append(Piece(frame, encode(inside), area, float(belief[inside].mean())))
    return made


def encode(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """COCO run-length encoding of a mask `[H, W]`."""
    encoded: dict[str, Any] = coco.encode(np.asfortranarray(mask.view(np.uint8)))
    return encoded


def overlap(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> NDArray[Any]:
    """Intersection over union of masks, `[len(ours), len(theirs)]`."""
    if not ours or not theirs:
        return np.zeros((len(ours), len(theirs)))
    return np.asarray(coco.iou(list(theirs), list(ours), [0] * len(ours))).T


def inside(piece: dict[str, Any], mask: dict[str, Any]) -> float:
    """Share of a piece that lies in a mask, 0..1; both run-length encoded, the piece not empty."""
    return float(coco.iou([piece], [mask], [1])[0, 0])


def things(found: Sequence[Piece]) -> list[list[Piece]]:
    """Link pieces of neighbouring frames that overlap most; the most believed thing comes first.

    found: in order of frames. Returns for each thing its pieces, at most one a frame.
    """
    chains: list[list[Piece]] = []
    for frame in dict.fromkeys(piece.frame for piece in found):
        now = [piece for piece in found if piece.frame == frame]
        open_ = [chain for chain in chains if frame - chain[-1].frame <= GAP]
        shared = overlap([chain[-1].mask for chain in open_], [piece.mask for piece in now])
        continued = set()
        while shared.size and shared.max() >= ALIKE:
            row, column = np.unravel_index(shared.argmax(), shared.shape)
            open_[row].append(now[column])
            continued.add(int(column))
            shared[row], shared[:, column] = 0, 0
        chains += [[piece] for k, piece in enumerate(now) if k not in continued]
    return sorted(chains, key=lambda chain: -sum(piece.belief for piece in chain))


def clearest(chain: Sequence[Piece], count: int = 1, apart: int = 1) -> list[Piece]:
    """The most believed pieces of a thing among those of its usual size, best first.

    Where things touch, a piece is too large, and where one hides, too small. Chosen pieces are at
    least `apart` frames from each other.
    """
    usual = float(np.median([piece.area for piece in chain]))

    def fit(piece: Piece) -> float:
        return min(piece.area / usual, usual / piece.area)

    chosen: list[Piece] = []
    for piece in sorted(chain, key=lambda piece: -piece.belief * fit(piece)):
        far = all(abs(piece.frame - other.frame) >= apart for other in chosen)
        if not chosen or (len(chosen) < count and far and fit(piece) > FIT):
            chosen.append(piece)
    return chosen
