"""Mask geometry: position, size and shape of an object's masks, and how they change over time."""

from __future__ import annotations

import torch
from torch import Tensor

GEOMETRY = 11
"""Features of one mask."""
MOVING = 7
"""The first of them, whose changes over time are features too."""
STEPS = ((1, 10.0), (3, 4.0))
"""Frame distances over which changes are taken, and their factors, which bring them to about unit
scale."""
JITTER, MISSED, DEGRADED = 0.01, 0.03, 0.4
"""See `jitter`."""
MERGED, PERSISTENT, TOUCH = 0.35, 0.25, 1.1
"""See `merge_touching`."""
TRAJECTORY = GEOMETRY + MOVING * len(STEPS)
"""Features of one mask within its track."""


def mask_geometry(masks: Tensor) -> Tensor:
    """Position, size and shape of masks: bool [.., H, W] -> [.., GEOMETRY].

    x and y of the centre, -1..1; the square root of the share of the frame that is covered;
    visibility, 1; the variances of pixel positions in x and y and their covariance, over the area
    (about a third for a square); whether the left, right, upper and lower border is touched. All 0
    for an empty mask.
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
    visible = (size > 0).float()
    sides = [across[..., 0], across[..., -1], down[..., 0], down[..., -1]]
    shape = [wide / area, high / area, both / area]
    return torch.stack(
        [left, top, size, visible, *shape, *((side > 0).float() for side in sides)], -1
    )


def trajectory_features(geometry: Tensor) -> Tensor:
    """Trajectory features of mask geometry in time order: [.., T, GEOMETRY] -> [.., T, TRAJECTORY].

    The geometry itself, then its changes since so many frames ago (`STEPS`); 0 where the object
    is not visible in both frames.
    """
    moving, visible = geometry[..., :MOVING], geometry[..., 3:4]
    parts = [geometry]
    for step, scale in STEPS:
        changed = torch.zeros_like(moving)
        both = visible[..., step:, :] * visible[..., :-step, :]
        changed[..., step:, :] = (moving[..., step:, :] - moving[..., :-step, :]) * both * scale
        parts.append(changed)
    return torch.cat(parts, -1)


def jitter(geometry: Tensor) -> Tensor:
    """Geometry [.., T, GEOMETRY] with the noise of masks that memory tracks, for training.

    Every track drifts and jitters a little (`JITTER`, in half sides of the frame, three times that
    in size) and is missed now and then (`MISSED`). A share `DEGRADED` of the tracks is degraded
    from a random frame on: the mask lost a part or took up another, so that its centre is off by
    up to a third of its size, and its size by as much.
    """
    *lead, length, _ = geometry.shape
    size = geometry[..., 2:3]

    def draw(*shape: int) -> Tensor:
        return geometry.new_empty(*lead, *shape).normal_()

    first = torch.rand(*lead, 1, 1, device=geometry.device) * length / DEGRADED
    late = torch.arange(length, device=geometry.device)[:, None] >= first
    centre = (draw(1, 2) + draw(length, 2)) * JITTER + late * draw(1, 2).tanh() * size / 1.5
    growth = (draw(1, 1) + draw(length, 1)) * 3 * JITTER + late * draw(1, 1).tanh() / 3
    shape = draw(length, 3) * 2 * JITTER + late * draw(1, 3) * 10 * JITTER
    visible = geometry[..., 3:4] * (torch.rand(*lead, length, 1, device=geometry.device) > MISSED)
    parts = [
        geometry[..., :2] + centre,
        size * (1 + growth),
        geometry[..., 3:4],
        geometry[..., 4:MOVING] + shape,
        geometry[..., MOVING:],
    ]
    return torch.cat(parts, -1) * visible


def merge_touching(geometry: Tensor) -> Tensor:
    """Geometry [V, O, T, GEOMETRY] of masks that take up the objects they touch, for training.

    In a share `MERGED` of the objects, from a random frame on, the mask is the union of both
    wherever it touches another object's; in a share `PERSISTENT` of these it remains the union,
    wherever the other goes. Objects touch whose centres are no farther apart than the half sides
    of squares of their size, times `TOUCH`.
    """
    videos, objects, length, _ = geometry.shape
    device = geometry.device
    centre, size, visible = geometry[..., :2], geometry[..., 2], geometry[..., 3] > 0
    distance = (centre[:, :, None] - centre[:, None]).norm(dim=-1)
    gap = distance - TOUCH * (size[:, :, None] + size[:, None])
    alone = ~(visible[:, :, None] & visible[:, None])
    alone |= torch.eye(objects, dtype=torch.bool, device=device)[:, :, None]
    gap, other = gap.masked_fill(alone, float("inf")).min(2)

    def draw(share: float) -> Tensor:
        return torch.rand(videos, objects, 1, device=device) < share

    place = torch.arange(length, device=device)
    start = torch.rand(videos, objects, 1, device=device) * length
    touching = (gap < 0) & draw(MERGED) & (place >= start)
    first = touching.float().argmax(2, keepdim=True)
    stays = touching.any(2, keepdim=True) & draw(PERSISTENT) & (place >= first) & ~touching
    other = torch.where(stays, other.gather(2, first), other)
    taken = geometry.gather(1, other[..., None].expand_as(geometry))
    both = (touching | stays) & visible & (taken[..., 3] > 0)
    return torch.where(both[..., None], _union(geometry, taken), geometry)


def mirror(geometry: Tensor) -> Tensor:
    """Geometry [.., GEOMETRY] of the same masks flipped left to right."""
    x, y, *rest = geometry.unbind(-1)
    size, visible, wide, high, both, left, right, *others = rest
    return torch.stack([-x, y, size, visible, wide, high, -both, right, left, *others], -1)


def _union(one: Tensor, other: Tensor) -> Tensor:
    """Geometry [.., GEOMETRY] of the union of two masks that do not overlap."""
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
