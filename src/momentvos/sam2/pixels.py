"""8-bit images to SAM2's normalised input, and back; masks to cells of a feature map."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


MEAN_LEVEL = (123.675, 116.28, 103.53)
STD_LEVEL = (58.395, 57.12, 57.375)
"""The same in grey levels."""


Constants = Literal["unit", "levels", "bfloat16"]


def to_pixels(frames: Tensor, constants: Constants = "unit") -> Tensor:
    """uint8 RGB `[N,3,H,W]` to float `[N,3,H,W]`, normalised by ImageNet's mean and deviation.

    constants: "unit": of values in 0..1, as SAM2 does; "levels": of grey levels, as SAM does, which
    differs by rounding alone; "bfloat16": of values in 0..1 and rounded to 16 bits, as MomentSeg
    does.
    """
    levels = constants == "levels"
    kind = torch.bfloat16 if constants == "bfloat16" else torch.float32
    mean, std = (MEAN_LEVEL, STD_LEVEL) if levels else (MEAN, STD)
    centre, spread = (
        torch.tensor(one, dtype=kind, device=frames.device).view(3, 1, 1) for one in (mean, std)
    )
    white = torch.tensor(255.0, device=frames.device)  # CUDA multiplies by a number's reciprocal
    return ((frames if levels else frames / white) - centre) / spread


def to_bytes(pixels: Tensor) -> Tensor:
    """Invert `to_pixels`: uint8 `[N,3,H,W]`; a padding of 0 becomes the mean colour."""
    mean = torch.tensor(MEAN, device=pixels.device).view(3, 1, 1)
    std = torch.tensor(STD, device=pixels.device).view(3, 1, 1)
    return ((pixels * std + mean) * 255).round().clamp(0, 255).to(torch.uint8)


def covered(pixels: Tensor, like: Tensor) -> Tensor:
    """Share of each cell of a feature map that a mask covers, 0..1 [.., h, w], in the map's dtype.

    pixels: bool [.., H, W], with three dimensions or more. like: the map [.., h, w].
    """
    flat = pixels.to(like).flatten(0, -3)
    shares = F.adaptive_avg_pool2d(flat, (like.shape[-2], like.shape[-1]))
    return shares.reshape(*pixels.shape[:-2], *shares.shape[-2:])
