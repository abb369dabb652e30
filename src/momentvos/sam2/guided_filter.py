"""The fast guided filter: masks aligned with the image's edges. Not part of SAM2."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 0.002
"""Variance of normalised colours below which a window is flat: 1e-4 for colours of 0..1."""
_SURE = 0.998
PIECE = 1 << 17
"""On a processor, about as many pixels of masks are read off at once: several maps of that size
stand beside them."""


def guided_filter(
    logits: Tensor, pixels: Tensor, radius: int, eps: float = EPS, of: Tensor | None = None
) -> Tensor:
    """Mask logits `[N,S,S]` at the resolution of the images, from coarse ones `[N,h,w]`.

    Around each cell the mask is taken for an affine function of colour, q = a I + b, fitted by
    least squares to the coarse mask in windows of `2 radius + 1` cells, and read off the images'
    own colours (He, Sun and Tang, Guided image filtering, TPAMI 2013, Eq. 19 to 21; fitted at the
    coarse resolution as in He and Sun, Fast guided filter, 2015). Where colour says nothing the
    result is the coarse mask, blurred over a window or two.

    pixels: `[F,3,S,S]`, normalised as for SAM2. of: int64 `[N]`, the image of each mask; None:
    each has its own. The result lies within +-6.9; above 0 is the mask.
    """
    pixels = pixels.float()
    guide = F.interpolate(pixels, logits.shape[-2:], mode="area")
    colour, squares = _box(torch.cat([guide, _pairs(guide)], 1), radius).split([3, 6], 1)
    inverse = _inverse(squares - _pairs(colour), eps)
    made = pixels.new_empty(len(logits), *pixels.shape[-2:])
    size = PIECE // (made.shape[1] * made.shape[2]) if made.device.type == "cpu" else len(made)
    size = max(size, 1)
    for start in range(0, len(made), size):
        part = slice(start, start + size)
        rows = part if of is None else of[part]
        mask = (logits[part].float() / 2).tanh()[:, None]  # 2 p - 1, since about 0 it is exact
        level, shared = _box(torch.cat([mask, guide[rows] * mask], 1), radius).split([1, 3], 1)
        slope = (inverse[rows] * (shared - colour[rows] * level)[:, None]).sum(2)
        fit = torch.cat([slope, level - (slope * colour[rows]).sum(1, keepdim=True)], 1)
        fit = F.interpolate(_box(fit, radius), made.shape[-2:], mode="bilinear")
        value = (fit[:, :3] * pixels[rows]).sum(1) + fit[:, 3]
        made[part] = 2 * value.clamp(-_SURE, _SURE).atanh()
    return made


def _box(x: Tensor, radius: int) -> Tensor:
    """Mean over the cells within `radius` in both directions that lie in the image."""
    if x.device.type != "cpu":
        return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)
    return _sums(x, radius) / _sums(x.new_ones(1, 1, *x.shape[2:]), radius)


def _sums(x: Tensor, radius: int) -> Tensor:
    """Of the cells within `radius`, along rows and then along columns: on a processor a fifth of
    the time that pooling takes.
    """
    for direction, edges in ((3, (radius, radius)), (2, (0, 0, radius, radius))):
        length, padded = x.shape[direction], F.pad(x, edges)
        x = padded.narrow(direction, 0, length).clone()
        for start in range(1, 2 * radius + 1):
            x += padded.narrow(direction, start, length)
    return x


def _pairs(x: Tensor) -> Tensor:
    """The six products of three channels, `[F,6,h,w]`: of the first with all, and so on."""
    return torch.cat([x[:, k : k + 1] * x[:, k:] for k in range(3)], 1)


def _inverse(pairs: Tensor, eps: float) -> Tensor:
    """The inverse `[F,3,3,h,w]` of symmetric matrices as `_pairs`, `eps` added along the diagonal.

    By Cramer's rule.
    """
    a, b, c, d, e, f = pairs.unbind(1)
    a, d, f = a + eps, d + eps, f + eps
    first = d * f - e * e, c * e - b * f, b * e - c * d
    rows = (*first, first[1], a * f - c * c, b * c - a * e, first[2], b * c - a * e, a * d - b * b)
    whole = a * first[0] + b * first[1] + c * first[2]
    inverse: Tensor = (torch.stack(rows, 1) / whole[:, None]).unflatten(1, (3, 3))
    return inverse
