"""8-bit images to SAM2's normalised input, and back; masks to cells of a feature map."""

import torch
from torch import Tensor
from torch.nn import functional as F

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


MEAN_LEVEL = (123.675, 116.28, 103.53)
STD_LEVEL = (58.395, 57.12, 57.375)
"""The same in grey levels."""


def to_pixels(frames: Tensor, levels: bool = False) -> Tensor:
    """uint8 RGB `[N,3,H,W]` to float `[N,3,H,W]`, normalised by ImageNet's mean and deviation.

    levels: in grey levels, as SAM does; else of values in 0..1, as SAM2 does. The results differ by
    rounding alone.
    """
    mean = torch.tensor(MEAN_LEVEL if levels else MEAN, device=frames.device).view(3, 1, 1)
    std = torch.tensor(STD_LEVEL if levels else STD, device=frames.device).view(3, 1, 1)
    if levels:
        return (frames - mean) / std
    white = torch.tensor(255.0, device=frames.device)  # CUDA multiplies by a number's reciprocal
    return (frames / white - mean) / std


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
