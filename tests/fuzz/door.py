"""A door of the program: files that a user may have from others, and what is done with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz.mutate import Mutator

RLE = {"size": [8, 12], "counts": "08h2"}
"""The first column, as COCO writes it."""


def _nothing() -> Mapping[str, tuple[bytes, ...]]:
    return {}


@dataclass(frozen=True)
class Door:
    """Files, their reader, and how they are mutated.

    make: writes sound files into a folder.
    use: reads that folder, or with `alone` the file at hand; whatever it writes lies below the
        folder's "out".
    files: the mutators of each file that is mutated.
    seeds: further contents of these files, each of which failed once.
    warm: what is loaded before any process forks, by default all that `use` needs. FFmpeg's
        threads do not survive a fork, so that whatever decodes videos only imports here.
    seconds: of processor time that a case may take.
    """

    make: Callable[[Path], object]
    use: Callable[[Path], object]
    files: Mapping[str, tuple[Mutator, ...]]
    alone: bool = False
    seeds: Callable[[], Mapping[str, tuple[bytes, ...]]] = field(default=_nothing)
    warm: Callable[[Path], object] | None = None
    seconds: int = 10


def put(path: Path, value: Any) -> None:
    """Write a text, or anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")


def frames(
    folder: Path, names: tuple[str, ...] = ("00000", "00001", "00002"), suffix: str = "jpg"
) -> None:
    """Pictures of 12 x 8 pixels; a palette's numbers where they are PNG."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        if suffix == "png":
            picture = Image.fromarray(np.full((8, 12), number % 2, np.uint8))
            picture.putpalette([0, 0, 0, 255, 0, 0])
        else:
            picture = Image.new("RGB", (12, 8), (40 * number, 0, 0))
        picture.save(folder / f"{name}.{suffix}")
