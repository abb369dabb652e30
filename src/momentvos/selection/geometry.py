"""What a thing's masks alone tell: where it is, how large, of what shape, and how that changes."""

from __future__ import annotations

import torch
from torch import Tensor

GEOMETRY = 11
"""Figures of one mask."""
MOVING = 7
"""The first of them, whose changes are told too."""
STEPS = ((1, 10.0), (3, 4.0))
"""Over how many frames changes are told, and by what they are multiplied: to about unit scale."""
JITTER, MISSED, SPOILT = 0.01, 0.03, 0.4
"""See `jitter`."""
MERGED, STAYS, TOUCH = 0.35, 0.25, 1.1
"""See `merge_touching`."""
TRAJECTORY = GEOMETRY + MOVING * len(STEPS)
"""Figures of one mask among others."""


def mask_geometry(masks: Tensor) -> Tensor:
    """Where things are, how large and of what shape: bool [.., H, W] -> [.., GEOMETRY].

    Left to right and top to bottom of the centre, -1..1; the square root of its share of the
    picture; 1; the variances of its pixels across and down and their covariance, over its area
    (about a third for a square); whether it touches the left, right, upper and lower border. All 0
    where a thing is not.
    """
    height, width = masks.shape[-2:]
    x = torch.linspace(-1, 1, 2 * width + 1, device=masks.device)[1::2]
    y = torch.linspace(-1, 1, 2 * height + 1, device=masks.device)[1::2]
    across, down = masks.sum(-2).float(), masks.sum(-1).float()
    count = across.sum(-1).clamp(min=1.0)
    size = (across.sum(-1) / (height * width)).sqrt()
    area = size.clamp(min=0.02).square()
    left, top = across @ x / count, down @ y / count
    both = ((masks.float() @ x) * y).sum(-1) / count - left * top
    wide = across @ x.square() / count - left.square()
    high = down @ y.square() / count - top.square()
    seen = (size > 0).float()
    sides = [across[..., 0], across[..., -1], down[..., 0], down[..., -1]]
    shape = [wide / area, high / area, both / area]
    return torch.stack([left, top, size, seen, *shape, *((side > 0).float() for side in sides)], -1)


def trajectory_features(outlines: Tensor) -> Tensor:
    """Outlines in time order [.., T, GEOMETRY] -> [.., T, TRAJECTORY].

    Behind each outline, what of it has changed since so many frames ago (`STEPS`); 0 where the
    thing is not in both.
    """
    figures, there = outlines[..., :MOVING], outlines[..., 3:4]
    parts = [outlines]
    for step, scale in STEPS:
        changed = torch.zeros_like(figures)
        both = there[..., step:, :] * there[..., :-step, :]
        changed[..., step:, :] = (figures[..., step:, :] - figures[..., :-step, :]) * both * scale
        parts.append(changed)
    return torch.cat(parts, -1)


def jitter(outlines: Tensor) -> Tensor:
    """Outlines [.., T, GEOMETRY] as memory's masks might have them, for training.

    Each drifts and shakes a little (`JITTER`, in half sides of the picture and three times that in
    size) and is missed now and then (`MISSED`). In a share `SPOILT` of the things the mask is
    spoilt from a random frame on: it lost a part or took up another, so that its centre is off by
    up to a third of its size, and its size by as much.
    """
    *lead, length, _ = outlines.shape
    size = outlines[..., 2:3]

    def draw(*shape: int) -> Tensor:
        return outlines.new_empty(*lead, *shape).normal_()

    first = torch.rand(*lead, 1, 1, device=outlines.device) * length / SPOILT
    late = torch.arange(length, device=outlines.device)[:, None] >= first
    centre = (draw(1, 2) + draw(length, 2)) * JITTER + late * draw(1, 2).tanh() * size / 1.5
    growth = (draw(1, 1) + draw(length, 1)) * 3 * JITTER + late * draw(1, 1).tanh() / 3
    shape = draw(length, 3) * 2 * JITTER + late * draw(1, 3) * 10 * JITTER
    there = outlines[..., 3:4] * (torch.rand(*lead, length, 1, device=outlines.device) > MISSED)
    told = [
        outlines[..., :2] + centre,
        size * (1 + growth),
        outlines[..., 3:4],
        outlines[..., 4:MOVING] + shape,
        outlines[..., MOVING:],
    ]
    return torch.cat(told, -1) * there


def merge_touching(outlines: Tensor) -> Tensor:
    """Outlines [V, O, T, GEOMETRY] as memory has them that takes up what a thing touches.

    For training. In a share `MERGED` of the things, from a random frame on, the mask is that of
    both wherever it touches another's; and in a share `STAYS` of these it remains so, wherever the
    other goes. Things touch whose centres are no farther apart than the half sides of squares of
    their size, times `TOUCH`.
    """
    videos, things, length, _ = outlines.shape
    device = outlines.device
    centre, size, there = outlines[..., :2], outlines[..., 2], outlines[..., 3] > 0
    apart = (centre[:, :, None] - centre[:, None]).norm(dim=-1)
    gap = apart - TOUCH * (size[:, :, None] + size[:, None])
    alone = ~(there[:, :, None] & there[:, None])
    alone |= torch.eye(things, dtype=torch.bool, device=device)[:, :, None]
    gap, other = gap.masked_fill(alone, float("inf")).min(2)

    def some(share: float) -> Tensor:
        return torch.rand(videos, things, 1, device=device) < share

    place = torch.arange(length, device=device)
    start = torch.rand(videos, things, 1, device=device) * length
    touching = (gap < 0) & some(MERGED) & (place >= start)
    first = touching.float().argmax(2, keepdim=True)
    stays = touching.any(2, keepdim=True) & some(STAYS) & (place >= first) & ~touching
    other = torch.where(stays, other.gather(2, first), other)
    taken = outlines.gather(1, other[..., None].expand_as(outlines))
    both = (touching | stays) & there & (taken[..., 3] > 0)
    return torch.where(both[..., None], _union(outlines, taken), outlines)


def mirror(outlines: Tensor) -> Tensor:
    """Outlines [.., GEOMETRY] of the same masks, left and right exchanged."""
    x, y, *rest = outlines.unbind(-1)
    size, seen, wide, high, both, left, right, *others = rest
    return torch.stack([-x, y, size, seen, wide, high, -both, right, left, *others], -1)


def _union(one: Tensor, other: Tensor) -> Tensor:
    """The outlines of two masks together that do not overlap: [.., GEOMETRY]."""
    areas = [part[..., 2:3].clamp(min=0.02).square() for part in (one, other)]
    whole = areas[0] + areas[1]

    def mean(first: Tensor, second: Tensor) -> Tensor:
        return (areas[0] * first + areas[1] * second) / whole

    centre = mean(one[..., :2], other[..., :2])
    shapes = []
    for part, area in zip((one, other), areas, strict=True):
        off = part[..., :2] - centre
        spread = torch.cat([off.square(), off.prod(-1, keepdim=True)], -1)
        shapes.append(part[..., 4:MOVING] * area + spread)
    sides = torch.maximum(one[..., MOVING:], other[..., MOVING:])
    shape = mean(*shapes) / whole
    return torch.cat([centre, whole.sqrt(), one[..., 3:4], shape, sides], -1)
