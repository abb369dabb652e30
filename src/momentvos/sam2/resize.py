"""8-bit pictures at another size: by Pillow, as the published programs do, or in floating point."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

Resizer = Literal["pillow", "float"]
Filter = Literal["bilinear", "bicubic"]

RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resize(
    rgb: Tensor, size: tuple[int, int], filter: Filter = "bilinear", resizer: Resizer = "float"
) -> Tensor:
    """Resize with antialiasing.

    Args:
        rgb: uint8 [N, H, W, 3].
        size: (height, width) of the result.
        filter: "bilinear" or "bicubic".
        resizer: "pillow": ``Image.resize`` of Pillow before 13, fixed-point arithmetic on the CPU.
            The published programs resize so, and a grey level's difference in a fifth of the values
            changes their masks. "float": float32 arithmetic, rounded, on the device of `rgb`; the
            bundled models were trained with it.

    Returns:
        uint8 [N, 3, *size], on the device of `rgb`.
    """
    if tuple(rgb.shape[1:3]) == size:
        return rgb.permute(0, 3, 1, 2)
    if resizer == "pillow":
        return _pillow(rgb, size, filter)
    # One by one frames stay in a processor's caches: a third of the time.
    count = 1 if rgb.device.type == "cpu" else max(len(rgb), 1)
    return torch.cat([_float(part, size, filter) for part in rgb.split(count)])


def _float(rgb: Tensor, size: tuple[int, int], filter: Filter) -> Tensor:
    planes = rgb.permute(0, 3, 1, 2).contiguous()
    # Bicubic rounds after each direction, as Pillow does.
    steps = [size] if filter == "bilinear" else [(planes.shape[2], size[1]), size]
    for step in steps:
        if tuple(planes.shape[2:]) != step:
            planes = F.interpolate(
                planes.float(), step, mode=filter, align_corners=False, antialias=True
            )
            planes = planes.round_().clamp_(0, 255)
    return planes.to(torch.uint8)


def _pillow(rgb: Tensor, size: tuple[int, int], filter: Filter) -> Tensor:
    """First in width, then in height: Pillow 13 may take the other order, earlier ones never do."""
    height, width = size
    frames = np.empty((len(rgb), height, width, 3), np.uint8)
    for row, frame in enumerate(np.ascontiguousarray(rgb.cpu().numpy())):
        wide = Image.fromarray(frame).resize((width, frame.shape[0]), RESAMPLING[filter])
        frames[row] = np.asarray(wide.resize((width, height), RESAMPLING[filter]))
    return torch.from_numpy(frames).to(rgb.device).permute(0, 3, 1, 2)
