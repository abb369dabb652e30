"""RefCOCO, RefCOCO+ and RefCOCOg on disk: sentences about objects in COCO's images.

    <name>/refs(<by>).p      pickle, [{"ref_id", "ann_id", "image_id", "file_name", "split",
                             "sentences": [{"sent_id", "sent"}]}]; or the same as refs(<by>).json
    <name>/instances.json    COCO's annotations of these pictures
    images/mscoco/images/train2014/<picture>, or images/train2014, or train2014

``name`` is refcoco, refcoco+ or refcocog; ``by`` names the split's authors: unc, umd or google. The
pickle is read by `momentvos.data.formats.safe_unpickle`, which executes nothing in it.

An expression is one sentence. Its mask is the union of the object's polygons. Some evaluations
count pixels under two of them as background, see `RefSample.layers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from momentvos.data.formats import rle, safe_unpickle
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.frame_samples import FrameSample
from momentvos.data.sample import Target
from momentvos.masklet import MAX_PIXELS
from momentvos.moment import Moment

_STILL = Moment.all(1)
_IMAGES = ("images/mscoco/images/train2014", "images/train2014", "train2014", "images")


@dataclass(frozen=True)
class RefSample(FrameSample):
    """A sentence about an object, with the ``instances.json`` entries of object and image."""

    annotation: Entry = field(repr=False, compare=False, kw_only=True)
    picture: Entry = field(repr=False, compare=False, kw_only=True)

    def _measured(self) -> tuple[int, int]:
        height, width = self.picture["height"].whole(), self.picture["width"].whole()
        if min(height, width) < 1 or height * width > MAX_PIXELS:
            raise self.picture.broken(f"has {width} x {height} pixels, which is out of bounds")
        return height, width

    def layers(self) -> np.ndarray:
        """Number of the object's polygons that cover each pixel, uint8 [H, W]."""
        from pycocotools import mask as coco

        entry = self.annotation["segmentation"]
        if isinstance(entry.value, dict):
            return rle.decode(entry, self.size).astype(np.uint8)
        for one in entry.each():
            corners = [value.number() for value in one.each()]
            if len(corners) < 6 or len(corners) % 2 or max(map(abs, corners)) > 1 << 16:
                raise one.broken("is no polygon")
        if not entry.list():
            raise entry.broken("holds no polygon")
        parts = coco.decode(coco.frPyObjects(entry.list(), *self.size))
        return np.asarray(parts).sum(axis=2, dtype=np.uint8)

    def _draw(self, masks: np.ndarray, index: int) -> None:
        masks[:] = self.layers() > 0


def read(
    root: Path, split: str = "val", report: Report = refuse, name: str = "refcoco", by: str = "unc"
) -> list[RefSample]:
    """Read every sentence of a split. Raises DataError, or passes broken entries to `report`."""
    folder = root / name if (root / name).is_dir() else root
    refs = _refs(folder, by)
    instances = load(folder / "instances.json")
    annotations = _by_id(instances["annotations"], report)
    sizes = _by_id(instances["images"], report)
    images = next((root / one for one in _IMAGES if (root / one).is_dir()), root / _IMAGES[0])
    seen: set[int] = set()

    def of_split(ref: Entry) -> Iterable[RefSample]:
        there = ref["split"].text() == split
        return _ref(ref, annotations, sizes, images, seen, report) if there else ()

    return gather(refs.each(), of_split, report)


def _ref(
    ref: Entry,
    annotations: dict[int, Entry],
    pictures: dict[int, Entry],
    images: Path,
    seen: set[int],
    report: Report,
) -> Iterator[RefSample]:
    annotation = annotations.get(ref["ann_id"].whole())
    if annotation is None:
        raise ref["ann_id"].broken(f"is {ref['ann_id'].value}, which is not in instances.json")
    picture = pictures.get(ref["image_id"].whole())
    if picture is None:
        raise ref["image_id"].broken(f"is {ref['image_id'].value}, which is not in instances.json")
    path = images / picture["file_name"].name()
    for sentence in ref["sentences"].each():
        try:
            number = sentence["sent_id"].whole()
            if number in seen:
                raise sentence["sent_id"].broken(f"is {number}, which is there more than once")
            seen.add(number)
            text = sentence["sent"].text()
        except BrokenEntry as broken:
            report(broken)
            continue
        yield RefSample(
            video_id=path.stem,
            expression_id=str(number),
            sentence=text,
            kind="",
            length=1,
            fps=1.0,
            targets=(Target(str(annotation["id"].value), _STILL),),
            timed=False,
            images=(path,),
            annotation=annotation,
            picture=picture,
        )


def _refs(folder: Path, by: str) -> Entry:
    for path in (folder / f"refs({by}).json", folder / f"refs({by}).p"):
        if path.exists():
            return (
                load(path) if path.suffix == ".json" else Entry(path, "", safe_unpickle.load(path))
            )
    raise BrokenEntry(path, "", "is missing; give the folder that holds the data set")


def _by_id(entries: Entry, report: Report) -> dict[int, Entry]:
    by_id: dict[int, Entry] = {}
    for one in entries.each():
        try:
            if (number := one["id"].whole()) in by_id:
                raise one["id"].broken(f"is {number}, which is there more than once")
            by_id[number] = one
        except BrokenEntry as broken:
            report(broken)
    return by_id
