"""The fast guided filter: masks aligned with the image's edges. Not part of SAM2."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 0.002
"""Variance of normalised colours below which a window is flat: 1e-4 for colours of 0..1."""
_SURE = 0.998


def guided_filter(logits: Tensor, pixels: Tensor, radius: int, eps: float = EPS) -> Tensor:
    """Mask logits `[N,S,S]` at the resolution of the images, from coarse ones `[N,h,w]`.

    Around each cell the mask is taken for an affine function of colour, q = a I + b, fitted by
    least squares to the coarse mask in windows of `2 radius + 1` cells, and read off the images'
    own colours (He, Sun and Tang, Guided image filtering, TPAMI 2013, Eq. 19 to 21; fitted at the
    coarse resolution as in He and Sun, Fast guided filter, 2015). Where colour says nothing the
    result is the coarse mask, blurred over a window or two.

    pixels: `[N,3,S,S]`, normalised as for SAM2. The result lies within +-6.9; above 0 is the mask.
    """
    pixels = pixels.float()
    guide = F.interpolate(pixels, logits.shape[-2:], mode="area")
    mask = (logits.float() / 2).tanh()[:, None]  # 2 p - 1, since about 0 it is exact
    products = (guide[:, :, None] * guide[:, None]).flatten(1, 2)
    means = _box(torch.cat([guide, mask, guide * mask, products], 1), radius)
    colour, level, shared, squares = torch.split(means, [3, 1, 3, 9], 1)
    variance = (
        squares.reshape(len(squares), 3, 3, *squares.shape[2:])
        - colour[:, :, None] * colour[:, None]
    )
    variance = variance + eps * torch.eye(3, device=pixels.device)[..., None, None]
    slope = _solve(variance, shared - colour * level)
    fit = torch.cat([slope, level - (slope * colour).sum(1, keepdim=True)], 1)
    fit = F.interpolate(_box(fit, radius), pixels.shape[-2:], mode="bilinear", align_corners=False)
    value = (fit[:, :3] * pixels).sum(1) + fit[:, 3]
    return 2 * value.clamp(-_SURE, _SURE).atanh()


def _box(x: Tensor, radius: int) -> Tensor:
    """Mean over the cells within `radius` in both directions that lie in the image."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    """Cramer's rule for symmetric `[N,3,3,h,w]`: x `[N,3,h,w]` with matrix x = right."""
    a, b, c = matrix.unbind(1)
    crossed = [torch.linalg.cross(*pair, dim=1) for pair in ((b, c), (c, a), (a, b))]
    whole: Tensor = (a * crossed[0]).sum(1, keepdim=True)
    return torch.stack([(right * one).sum(1) for one in crossed], 1) / whole
