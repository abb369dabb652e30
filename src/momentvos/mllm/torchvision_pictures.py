"""Pictures as the image processors of `transformers` that use torchvision prepare them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

WHITE = 255.0


def torchvision_pictures(
    rgb: Tensor,
    size: tuple[int, int],
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> Tensor:
    """Resize and normalise, bit for bit as `Qwen2VLImageProcessorFast` does on a processor.

    Torchvision resizes 8-bit pictures in fixed-point arithmetic of its own: every 170th value
    differs by a grey level from Pillow's. Values are normalised in grey levels, in 32 bits.

    Args:
        rgb: uint8 [N, H, W, 3].
        size: (height, width) of the result.
        mean, std: per channel, of values in 0..1.

    Returns:
        float [N, 3, *size].
    """
    planes = rgb.cpu().permute(0, 3, 1, 2)
    if tuple(planes.shape[2:]) != size:
        planes = F.interpolate(planes, size, mode="bicubic", align_corners=False, antialias=True)
    centre, spread = (WHITE * torch.tensor(one).view(3, 1, 1) for one in (mean, std))
    return (planes.float() - centre) / spread
