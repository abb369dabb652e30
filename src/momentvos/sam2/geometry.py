"""Pictures of any size to a model's square input, and its masks back to the picture's size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from momentvos.sam2.pixels import Constants, to_pixels
from momentvos.sam2.resize import Resizer, resize

Mode = Literal["pad", "sam", "samwise", "stretch", "momentseg"]

STRETCHED = ("stretch", "momentseg")
CONSTANTS: dict[Mode, Constants] = {"sam": "levels", "momentseg": "bfloat16"}
MARGIN = 4
"""Pixels by which SAMWISE keeps a nearly square picture smaller than its square."""


def fit(size: tuple[int, int], side: int, mode: Mode = "pad") -> tuple[int, int]:
    """(height, width) that a picture of `size` (height, width) takes inside a square of `side`.

    "pad": the longer side becomes `side`, the other keeps the shape, at least one pixel.
    "sam": the same as SAM's ``ResizeLongestSide`` rounds it, halves up.
    "samwise": as torchvision's ``Resize(side - 4, max_size=side)``, with its roundings: the shorter
    side becomes `side` - 4, unless the longer one would then exceed `side`.
    "stretch": the whole square. "momentseg": the same, normalised by constants of 16 bits.
    """
    if mode in STRETCHED:
        return side, side
    if mode == "pad":
        scale = side / max(size)
        return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    if mode == "sam":
        scale = side / max(size)
        return max(int(size[0] * scale + 0.5), 1), max(int(size[1] * scale + 0.5), 1)
    short, long = side - MARGIN, int((side - MARGIN) * max(size) / min(size))
    if long > side:
        short, long = max(int(side * short / long), 1), side
    return (short, long) if size[0] <= size[1] else (long, short)


def fitted(rgb: Tensor, side: int, mode: Mode = "pad", resizer: Resizer = "float") -> Tensor:
    """Resize pictures to the part of a square of `side` that they take.

    uint8 [N, H, W, 3] to uint8 [N, 3, *fit(...)]: bilinear, as SAMWISE and VRS-HQ do; "stretch" is
    bicubic, as MomentSeg does.
    """
    size = fit((rgb.shape[1], rgb.shape[2]), side, mode)
    return resize(rgb, size, "bicubic" if mode in STRETCHED else "bilinear", resizer)


def padded(frames: Tensor, side: int, mode: Mode = "pad") -> Tensor:
    """Normalise, and pad with zeros to the right and below (SAM's way).

    uint8 [N, 3, h, w] to float [N, 3, side, side].
    """
    pixels = to_pixels(frames, CONSTANTS.get(mode, "unit"))
    return F.pad(pixels, (0, side - frames.shape[3], 0, side - frames.shape[2]))


def to_input(
    rgb: NDArray[np.uint8] | Tensor, side: int, mode: Mode = "pad", resizer: Resizer = "float"
) -> tuple[Tensor, tuple[int, int]]:
    """Resize, normalise and pad.

    Args:
        rgb: uint8 [N, H, W, 3].
        side: S, side of the square in pixels.
        mode: see :func:`fit`.
        resizer: see :func:`momentvos.sam2.resize.resize`.

    Returns:
        float [N, 3, S, S], and the (height, width) that the picture takes of it.
    """
    frames = fitted(torch.as_tensor(rgb), side, mode, resizer)
    return padded(frames, side, mode), (frames.shape[2], frames.shape[3])


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
