"""Frames and masks at the model's input size, still in 8 bits."""

from __future__ import annotations

import numpy as np

MEAN = (124, 116, 104)
"""ImageNet's mean colour: padding that is about zero once normalised."""


def square(pictures: np.ndarray, size: int) -> np.ndarray:
    """Scale the long side to `size` and pad right or bottom: frames or masks of any H x W.

    uint8 [N, H, W, 3] -> [N, size, size, 3], bilinear with antialiasing, padded with the mean
    colour. bool [O, N, H, W] -> [O, N, size, size], a pixel counts when half of it does.
    """
    import torch
    import torch.nn.functional as F

    colour = pictures.dtype != np.bool_
    height, width = pictures.shape[-3:-1] if colour else pictures.shape[-2:]
    if height == width == size:
        return pictures
    if not len(pictures):
        return np.zeros((*pictures.shape[:2], size, size), dtype=bool)
    scale = size / max(height, width)
    shape = max(round(height * scale), 1), max(round(width * scale), 1)
    if colour:
        planes = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    else:
        planes = torch.from_numpy(pictures.reshape(1, -1, height, width))
    small = F.interpolate(planes.float(), shape, mode="bilinear", antialias=True)
    if not colour:
        masks = np.zeros((*pictures.shape[:2], size, size), dtype=bool)
        masks[..., : shape[0], : shape[1]] = (small >= 0.5).numpy().reshape(masks.shape[:2] + shape)
        return masks
    frames = np.empty((len(pictures), size, size, 3), dtype=np.uint8)
    frames[...] = MEAN
    frames[:, : shape[0], : shape[1]] = small.round().clamp(0, 255).numpy().transpose(0, 2, 3, 1)
    return frames
