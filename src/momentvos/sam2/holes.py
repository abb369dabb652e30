"""Small holes in masks."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FILLED = 0.1
"""The logit of a filled cell, as in Meta's video predictor: barely the object."""
NEIGHBOURS = np.ones((3, 3), int)
"""Cells that touch at a corner belong together."""


def fill_holes(logits: Tensor, most: int) -> Tensor:
    """Fill holes of at most `most` cells, as Meta's video predictor does (``fill_hole_area``).

    A hole is a connected component of the background (logits <= 0), at the border too.

    Args:
        logits: `[N,h,w]`.
        most: cells; 0 fills nothing.

    Returns:
        `[N,h,w]`, `FILLED` in the holes.
    """
    if not most:
        return logits
    background = (logits <= 0).cpu().numpy()
    holes = np.stack([_small(mask, most) for mask in background])
    return logits.masked_fill(torch.from_numpy(holes).to(logits.device), FILLED)


def _small(background: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    from scipy import ndimage  # which takes longer to import than a short video to fill

    labels, _ = ndimage.label(background, NEIGHBOURS)
    small = np.bincount(labels.ravel()) <= most
    small[0] = False
    holes: NDArray[np.bool_] = small[labels]
    return holes
