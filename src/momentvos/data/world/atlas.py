"""Sprite atlas of MomentWorld: categories and looks (see NOTICE for origin and licences)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, BinaryIO, cast

import numpy as np

from momentvos.media.picture import open_picture

LOOKS = {"plain": None, "red": (255, 60, 50), "green": (70, 205, 70), "blue": (70, 120, 255),
         "purple": (185, 80, 235)}  # fmt: skip
"""Looks by name, with the tint that a sprite gets; "plain" sprites keep their own colours."""

_LEVELS = (64, 32, 16)


@dataclass(frozen=True)
class Category:
    """A sprite. `colours`: colour words that may also describe its plain look."""

    name: str
    plural: str
    colours: tuple[str, ...]
    index: int


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    return dict(json.loads((files(__package__) / "atlas.json").read_text("utf-8")))


@lru_cache(maxsize=1)
def _table() -> dict[str, Category]:
    return {
        entry["name"]: Category(entry["name"], entry["plural"], tuple(entry["colours"]), index)
        for index, entry in enumerate(_document()["categories"])
    }


@lru_cache(maxsize=1)
def categories() -> tuple[str, ...]:
    """Names of all categories, in the atlas's order."""
    return tuple(_table())


def category(name: str) -> Category:
    """Look up a category by name."""
    return _table()[name]


def looks_of(name: str) -> tuple[str, ...]:
    """Tinted looks of a category, without those that describe its plain sprite too."""
    return tuple(look for look in LOOKS if look not in ("plain", *category(name).colours))


@lru_cache(maxsize=1)
def _sheet() -> np.ndarray:
    with (files(__package__) / "atlas.png").open("rb") as file:
        return np.asarray(open_picture(cast(BinaryIO, file)).convert("RGBA"))


@lru_cache(maxsize=2048)
def tile(name: str, look: str, mirrored: bool, width: float) -> Any:
    """Sprite as a PIL image of 64, 32 or 16 pixels, whichever fits `width` pixels best.

    Its mode is RGBX: X is alpha and colours are premultiplied, which PIL leaves as they are.
    """
    from PIL import Image

    side, columns = _document()["tile"], _document()["columns"]
    row, column = divmod(category(name).index, columns)
    pixels = _sheet()[row * side : (row + 1) * side, column * side : (column + 1) * side]
    pixels = pixels[:, ::-1] if mirrored else pixels
    rgb: np.ndarray = pixels[..., :3].astype(np.float32)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    light = LOOKS[look]
    if light is not None:
        grey = 0.3 + 0.7 * (rgb @ np.array([0.3, 0.59, 0.11], np.float32) / 255)[..., None]
        rgb = 0.12 * rgb + 0.88 * np.minimum(grey * np.array(light, np.float32) * 1.1, 255)
    values = np.concatenate([rgb * alpha, alpha * 255], axis=2)
    level = min((size for size in _LEVELS if size >= width), default=_LEVELS[0])
    step = side // level
    values = values.reshape(level, step, level, step, 4).mean(axis=(1, 3))
    return Image.fromarray(np.round(values).astype(np.uint8), "RGBX")
