"""Image files of a data set: RGB, label maps, sizes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from momentvos.data.formats.entry import BrokenEntry
from momentvos.media.picture import open_picture

if TYPE_CHECKING:
    from PIL.Image import Image


def rgb(path: Path) -> np.ndarray:
    """Read an image as RGB uint8 [H, W, 3]. Raises BrokenEntry for a missing or damaged file."""
    with _opened(path) as picture:
        return np.asarray(picture.convert("RGB"))


def labels(path: Path) -> np.ndarray:
    """Read a label map uint8 [H, W] from a palette or grey PNG. Raises BrokenEntry."""
    with _opened(path) as picture:
        if picture.mode not in ("P", "L", "1"):
            raise BrokenEntry(path, "", "is no picture of labels (it has colours, but no palette)")
        return np.asarray(picture).astype(np.uint8)


def grey(path: Path) -> np.ndarray:
    """Read an image as grey uint8 [H, W], a palette's colours too. Raises BrokenEntry."""
    with _opened(path) as picture:
        return np.asarray(picture.convert("L"))


@lru_cache(maxsize=4096)
def size(path: Path) -> tuple[int, int]:
    """Read (height, width) from the header alone. Raises BrokenEntry."""
    with _opened(path) as picture:
        return picture.height, picture.width


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_picture(path) as picture:
                yield picture
    except BrokenEntry:
        raise
    except FileNotFoundError:
        raise BrokenEntry(path, "", "is missing") from None
    except Exception as error:  # Pillow's decoders raise whatever they meet
        raise BrokenEntry(path, "", f"cannot be read ({type(error).__name__})") from None
