"""Procedural backgrounds in families, some of them reserved for val and test."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from momentvos.data.world.split import check

FAMILIES = {
    "train": ("gradient", "clouds", "stripes", "checker", "meadow", "plain", "rings"),
    "val": ("blobs", "waves"),
    "test": ("dunes", "bricks", "dots"),
}

EXTENT = 1.3
"""Side of the canvas in sides of the frame, so that the camera can move."""

SIDE = 192
"""Side of the canvas in pixels."""


def families(split: str) -> tuple[str, ...]:
    """Families of backgrounds that a split may use."""
    return FAMILIES[check(split)]


@lru_cache(maxsize=16)
def canvas(family: str, seed: int) -> np.ndarray:
    """Draw a background, uint8 [SIDE, SIDE, 3], in muted colours so that objects stand out."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed])))
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    value = np.clip(_PAINTERS[family](rng, x, y), 0.0, 1.0)[..., None]
    first, second = _muted(rng), _muted(rng)
    if family in ("meadow", "dunes"):
        first = np.array([rng.integers(150, 205), rng.integers(190, 225), 240.0])
        ground = [(120, 175, 95), (150, 160, 90)] if family == "meadow" else [(222, 190, 140)]
        second = np.array(ground[rng.integers(len(ground))]) + rng.uniform(-18, 18, 3)
    picture = first * (1 - value) + second * value
    grain = rng.normal(0, rng.uniform(1, 6), (SIDE, SIDE, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def _muted(rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(70, 225)
    return np.asarray(base + rng.uniform(-30, 30, 3))


def _clouds(rng: np.random.Generator, octaves: tuple[int, ...]) -> np.ndarray:
    from PIL import Image

    total = np.zeros((SIDE, SIDE), np.float32)
    for cells in octaves:
        coarse = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
        total += np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / cells**0.5
    return np.asarray((total - total.min()) / (np.ptp(total) + 1e-6))


def _along(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray(np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))


def _gradient(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _along(rng, x, y) + 0.5


def _noise(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _clouds(rng, (3, 7, 15, 40))


def _stripes(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wave = np.sin(_along(rng, x, y) * rng.uniform(18, 60))
    return 0.35 + 0.3 * (wave > rng.uniform(-0.4, 0.4))


def _checker(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    cells = rng.integers(5, 13)
    return 0.35 + 0.3 * ((np.floor(x * cells) + np.floor(y * cells)) % 2)


def _meadow(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    horizon = rng.uniform(0.3, 0.6) + 0.03 * np.sin(x * rng.uniform(4, 12) + rng.uniform(0, 6))
    grass = 0.85 + 0.25 * _clouds(rng, (24, 90))
    return np.where(y > horizon, grass, 0.2 * _clouds(rng, (4, 9)))


def _plain(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.1 * _clouds(rng, (3,))


def _rings(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    far = np.hypot(x - rng.uniform(0.2, 0.8), y - rng.uniform(0.2, 0.8))
    return 0.5 + 0.25 * np.sin(far * rng.uniform(25, 70))


def _blobs(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    field = np.zeros_like(x)
    for _ in range(int(rng.integers(6, 14))):
        far = (x - rng.random()) ** 2 + (y - rng.random()) ** 2
        field += np.exp(-far / rng.uniform(0.002, 0.015))
    return 0.2 + 0.6 * (field > 0.5)


def _waves(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    bent = y + 0.05 * np.sin(x * rng.uniform(8, 20) + rng.uniform(0, 6))
    return 0.5 + 0.3 * np.sin(bent * rng.uniform(20, 55))


def _dunes(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    horizon = rng.uniform(0.3, 0.5) + 0.05 * np.sin(x * rng.uniform(3, 7) + rng.uniform(0, 6))
    second = horizon + 0.18 + 0.06 * np.sin(x * rng.uniform(3, 9) + rng.uniform(0, 6))
    return np.where(y > second, 1.0, np.where(y > horizon, 0.75, 0.0))


def _bricks(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = rng.integers(8, 16)
    row = np.floor(y * rows)
    across = (x * rows / 2 + 0.5 * (row % 2)) % 1
    joint = (across < 0.06) | ((y * rows) % 1 < 0.12)
    return np.where(joint, 0.8, 0.25 + 0.1 * np.sin(row * 12.9))


def _dots(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    cells, radius = rng.integers(6, 14), rng.uniform(0.2, 0.35)
    return 0.3 + 0.35 * (np.hypot((x * cells) % 1 - 0.5, (y * cells) % 1 - 0.5) < radius)


_PAINTERS = {
    "gradient": _gradient, "clouds": _noise, "stripes": _stripes, "checker": _checker,
    "meadow": _meadow, "plain": _plain, "rings": _rings, "blobs": _blobs, "waves": _waves,
    "dunes": _dunes, "bricks": _bricks, "dots": _dots,
}  # fmt: skip
