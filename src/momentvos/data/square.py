"""Frames and masks at the model's input size, still in 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from momentvos.sam2.resize import Resizer

MEAN = (124, 116, 104)
"""ImageNet's mean colour: padding that is about zero once normalised."""


def square(pictures: np.ndarray, size: int, resizer: Resizer = "float") -> np.ndarray:
    """Scale the long side to `size` and pad right or bottom: frames or masks of any H x W.

    uint8 [N, H, W, 3] -> [N, size, size, 3], bilinear with antialiasing by `resizer`
    (:func:`momentvos.sam2.resize.resize`), padded with the mean colour. bool [O, N, H, W] ->
    [O, N, size, size], a pixel counts when half of it does.
    """
    import torch
    import torch.nn.functional as F

    from momentvos.sam2.resize import resize

    colour = pictures.dtype != np.bool_
    height, width = pictures.shape[-3:-1] if colour else pictures.shape[-2:]
    if height == width == size:
        return pictures
    if not len(pictures):
        return np.zeros((*pictures.shape[:2], size, size), dtype=bool)
    scale = size / max(height, width)
    shape = max(round(height * scale), 1), max(round(width * scale), 1)
    if colour:
        small = resize(torch.from_numpy(np.ascontiguousarray(pictures)), shape, resizer=resizer)
        frames = np.empty((len(pictures), size, size, 3), dtype=np.uint8)
        frames[...] = MEAN
        frames[:, : shape[0], : shape[1]] = small.permute(0, 2, 3, 1).numpy()
        return frames
    planes = torch.from_numpy(pictures.reshape(1, -1, height, width)).float()
    share = F.interpolate(planes, shape, mode="bilinear", antialias=True)
    masks = np.zeros((*pictures.shape[:2], size, size), dtype=bool)
    masks[..., : shape[0], : shape[1]] = (share >= 0.5).numpy().reshape(masks.shape[:2] + shape)
    return masks
