"""ReasonSeg on disk (LISA): questions about images, answers as polygons.

    {train,val,test}/<name>.jpg and <name>.json   {"text": [...], "is_sentence": bool,
        "shapes": [{"label": "target", "points": [[x, y], ...]}]}

The splits may lie in ``ReasonSeg`` or ``reason_seg/ReasonSeg``. Every text is an expression of its
own, numbered from 0; the published evaluation asks number 0 alone. Its kind is "long" (a sentence)
or "short" (a phrase). Shapes named "ignore" are void pixels, "flag" is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, read_text, refuse
from momentvos.data.formats.frame_samples import VOID, FrameSample
from momentvos.data.formats.raster import Point, fill
from momentvos.data.sample import Target
from momentvos.moment import Moment

_FOLDERS = ("", "ReasonSeg", "reason_seg/ReasonSeg")


@dataclass(frozen=True)
class Shape:
    """A polygon of corners (x, y), in whole pixels; value 1 is the target, 255 ignored."""

    value: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class ReasonSample(FrameSample):
    """A question about an image; larger shapes are painted first."""

    shapes: tuple[Shape, ...] = field(default=(), repr=False, kw_only=True)

    def _draw(self, masks: np.ndarray, index: int) -> None:
        masks[:] = _paint(self.shapes, self.size) == 1

    def ignored(self, indices: Sequence[int]) -> np.ndarray:
        """Pixels of shapes named "ignore", bool [N, H, W]."""
        return np.stack([_paint(self.shapes, self.size) == VOID for _ in indices])


@lru_cache(maxsize=8)
def _paint(shapes: tuple[Shape, ...], size: tuple[int, int]) -> np.ndarray:
    """Label map of 0, 1 and 255 (LISA, ``get_mask_from_json``)."""
    flags = [fill(shape.points, size) for shape in shapes]
    canvas = np.zeros(size, dtype=np.uint8)
    for place in np.argsort([one.sum() for one in flags], kind="stable")[::-1]:
        canvas[flags[place]] = shapes[place].value
    canvas.flags.writeable = False
    return canvas


def read(root: Path, split: str = "val", report: Report = refuse) -> list[ReasonSample]:
    """Read every question of a split. Raises DataError, or passes broken entries to `report`."""
    folders = [root / one / split for one in _FOLDERS if (root / one / split).is_dir()]
    folder = folders[0] if folders else root / split
    files = sorted(folder.glob("*.json"))
    if not files:
        raise BrokenEntry(folder, "", "holds no .json files; give the folder of ReasonSeg")
    return gather(files, _picture, report)


def _picture(path: Path) -> Iterator[ReasonSample]:
    try:
        entry = Entry(path, "", json.loads(read_text(path, ("utf-8", "cp1252"))))
    except (ValueError, RecursionError) as error:
        raise BrokenEntry(path, "", f"cannot be read as JSON ({error})") from None
    shapes = tuple(shape for one in entry["shapes"].each() for shape in _shape(one))
    if not shapes:
        raise entry["shapes"].broken("holds no polygon; it is left out", note=True)
    is_sentence = entry["is_sentence"]
    if not isinstance(is_sentence.value, bool):
        raise is_sentence.broken("is neither true nor false")
    for number, text in enumerate(entry["text"].each()):
        yield ReasonSample(
            video_id=path.stem,
            expression_id=str(number),
            sentence=text.text(),
            kind="long" if is_sentence.value else "short",
            length=1,
            fps=1.0,
            targets=(Target("target", Moment.all(1)),),
            timed=False,
            images=(path.with_suffix(".jpg"),),
            shapes=shapes,
        )


def _shape(entry: Entry) -> Iterator[Shape]:
    label = entry["label"].text().lower()
    if label == "flag":
        return
    points = []
    for one in entry["points"].each():
        pair = [int(value.number()) for value in one.each()]
        if len(pair) != 2 or max(map(abs, pair)) > 1 << 20:
            raise one.broken("is no corner [x, y]")
        points.append((pair[0], pair[1]))
    if points:
        yield Shape(VOID if "ignore" in label else 1, tuple(points))
