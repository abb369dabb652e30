"""Rendering of a scene: frames and label maps, at any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from momentvos.data.world.atlas import tile
from momentvos.data.world.background import EXTENT, SIDE, canvas
from momentvos.data.world.scene import Actor, Scene


def render(scene: Scene, indices: Sequence[int], size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Render frames `indices` of a scene (repeats allowed) as squares of `size` pixels.

    Returns (frames uint8 [N, size, size, 3], ids uint8 [N, size, size]): 0 is background, k+1 a
    pixel where object k is the topmost one with over half opacity.
    """
    frames = np.empty((len(indices), size, size, 3), np.uint8)
    ids = np.zeros((len(indices), size, size), np.uint8)
    order = sorted(range(len(scene.objects)), key=lambda k: scene.objects[k].layer)
    drawn: dict[tuple[float, ...], np.ndarray] = {}
    for place, index in enumerate(indices):
        view = tuple(float(value) for value in scene.camera[index])
        if view not in drawn:
            drawn[view] = _ground(scene.background, view, size)
        frames[place] = drawn[view]
        for k in order:
            _draw(scene.objects[k], index, k + 1, frames[place], ids[place])
    return frames, ids


def _ground(background: tuple[str, int], view: tuple[float, ...], size: int) -> np.ndarray:
    from PIL import Image

    x, y, zoom = view
    scale = SIDE / EXTENT / (size * zoom)
    corner = SIDE / 2 - SIDE / EXTENT * 0.5 / zoom
    data = (scale, 0, corner + x * SIDE / EXTENT, 0, scale, corner + y * SIDE / EXTENT)
    ground = Image.fromarray(canvas(*background))
    box, mode = (size, size), Image.Transform.AFFINE
    return np.asarray(ground.transform(box, mode, data, Image.Resampling.BILINEAR))


def _draw(actor: Actor, index: int, label: int, frame: np.ndarray, ids: np.ndarray) -> None:
    side = len(frame)
    x, y, size, angle = (float(value) for value in actor.poses[index])
    width, x, y = size * side, x * side, y * side
    cos, sin = float(np.cos(np.deg2rad(angle))), float(np.sin(np.deg2rad(angle)))
    half = width / 2 * (abs(cos) + abs(sin)) + 1
    left, right = max(int(x - half), 0), min(int(x + half) + 1, side)
    top, bottom = max(int(y - half), 0), min(int(y + half) + 1, side)
    if left >= right or top >= bottom:
        return
    patch = _patch(actor, (cos, sin), width, (x - left, y - top), (right - left, bottom - top))
    alpha = patch[..., 3:]
    under = frame[top:bottom, left:right]
    kept = under.astype(np.uint16) * (255 - alpha)
    under[...] = np.minimum(patch[..., :3] + (kept + 127) // 255, 255)
    ids[top:bottom, left:right][alpha[..., 0] > 127] = label


def _patch(
    actor: Actor,
    turn: tuple[float, float],
    width: float,
    centre: tuple[float, float],
    box: tuple[int, int],
) -> np.ndarray:
    """Sprite rotated by (cos, sin) around `centre`, premultiplied RGBA uint16 [h, w, 4]."""
    from PIL import Image

    picture: Any = tile(actor.category, actor.look, actor.mirrored, _level(width))
    scale = picture.width / width
    a, b = turn[0] * scale, -turn[1] * scale
    middle = picture.width / 2
    data = (a, b, middle - a * centre[0] - b * centre[1],
            -b, a, middle + b * centre[0] - a * centre[1])  # fmt: skip
    drawn = picture.transform(box, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(drawn).astype(np.uint16)


def _level(width: float) -> float:
    """Nearest of few widths, so that each tile is prepared once and cached."""
    return 16 if width <= 20 else 32 if width <= 40 else 64
