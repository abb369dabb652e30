"""Pictures of any size to a model's square input, and its masks back to the picture's size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from momentvos.sam2.pixels import to_pixels

Mode = Literal["pad", "stretch"]


def fit(size: tuple[int, int], side: int, mode: Mode = "pad") -> tuple[int, int]:
    """(height, width) that a picture of `size` (height, width) takes inside a square of `side`.

    "pad": the longer side becomes `side`, the other keeps the shape, at least one pixel.
    "stretch": the whole square.
    """
    if mode == "stretch":
        return side, side
    scale = side / max(size)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def to_input(
    rgb: NDArray[np.uint8] | Tensor, side: int, mode: Mode = "pad"
) -> tuple[Tensor, tuple[int, int]]:
    """Resize, normalise, and pad with zeros to the right and below (SAM's way).

    Args:
        rgb: uint8 [N, H, W, 3].
        side: S, side of the square in pixels.
        mode: see :func:`fit`.

    Returns:
        float [N, 3, S, S], and the (height, width) that the picture takes of it.
    """
    frames = torch.as_tensor(rgb).permute(0, 3, 1, 2)
    height, width = fit((frames.shape[2], frames.shape[3]), side, mode)
    if (height, width) != tuple(frames.shape[2:]):
        resized = F.interpolate(
            frames.float(), (height, width), mode="bilinear", align_corners=False, antialias=True
        )
        frames = resized.round().clamp(0, 255)
    pixels = to_pixels(frames)
    return F.pad(pixels, (0, side - width, 0, side - height)), (height, width)


def to_output(logits: Tensor, content: tuple[int, int], side: int, size: tuple[int, int]) -> Tensor:
    """Mask logits of a square input back at the picture's own size.

    Args:
        logits: float [N, h, w] over the whole square.
        content: (height, width) that the picture takes of the square, from :func:`to_input`.
        side: S, side of the square in pixels.
        size: (height, width) of the result.

    Returns:
        float [N, *size]: bilinear to the square, cropped, bilinear to `size`.
    """
    full = F.interpolate(logits[:, None], (side, side), mode="bilinear", align_corners=False)
    full = full[..., : content[0], : content[1]]
    if tuple(full.shape[2:]) != size:
        full = F.interpolate(full, size, mode="bilinear", align_corners=False)
    return full[:, 0]


def resize(rgb: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 [T, H, W, 3] to uint8 [T, 3, *size], bicubic as PIL has it."""
    pixels = rgb.permute(0, 3, 1, 2)
    for step in ((pixels.shape[2], size[1]), size):  # PIL too rounds after each direction
        if tuple(pixels.shape[2:]) != step:
            pixels = F.interpolate(pixels.float(), step, mode="bicubic", antialias=True)
            pixels = pixels.round().clamp(0, 255)
    return pixels.to(torch.uint8)
