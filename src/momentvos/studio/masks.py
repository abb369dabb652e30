"""Masks of a video's objects, from its data set or the database, with corrections."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from momentvos.data.formats import pictures, rle
from momentvos.data.formats.entry import Entry
from momentvos.data.formats.mask_index import MaskIndex
from momentvos.errors import DataError
from momentvos.masklet import Masklet
from momentvos.studio.content import Corrections

Counts = str | None
"""COCO's compressed counts of a mask, None where it is empty."""
_OPEN = 4


@dataclass(frozen=True)
class VideoMasks:
    """Where the masks of a video are.

    size: (height, width). names: of its frames' files, without suffix. sources: by object, as of
    `tables.ObjectRow.masks`.
    """

    size: tuple[int, int]
    frames: int
    names: Sequence[str]
    sources: Mapping[str, Mapping[str, Any]]
    corrections: Corrections


class MaskReader:
    """Masks by frame; files of masks stay open."""

    def __init__(self) -> None:
        self._indices: OrderedDict[str, MaskIndex] = OrderedDict()
        self._lock = Lock()

    def corrected(
        self, video: VideoMasks, start: int, stop: int, names: Sequence[str] | None = None
    ) -> dict[str, list[Counts]]:
        """Masks of frames `start` up to, without, `stop`, of all objects or some.

        Raises DataError where a file is gone or broken.
        """
        wanted = list(video.sources if names is None else names)
        sources = {
            name: [video.corrections.source(name, frame) for frame in range(start, stop)]
            for name in wanted
        }
        needed = dict.fromkeys(one for row in sources.values() for one in row)
        original = {one: self.original(video, one, start, stop) for one in needed}
        return {
            name: [original[one][k] for k, one in enumerate(row)] for name, row in sources.items()
        }

    def original(self, video: VideoMasks, name: str, start: int, stop: int) -> list[Counts]:
        """Masks of an object without corrections. Raises DataError."""
        source = video.sources.get(name)
        if source is None:
            raise DataError(f"The video has no object '{name}'.")
        if "rle" in source:
            with self._lock:
                row = self._index(source["rle"]).row(source["row"], video.frames)
            return [_counts(row, frame, video.size) for frame in range(start, stop)]
        if "labels" in source:
            folder, label = Path(source["labels"]), source["label"]
            return [
                _label(folder / f"{video.names[frame]}.png", label, video.size)
                for frame in range(start, stop)
            ]
        stored = source["stored"]
        return [stored[frame] if frame < len(stored) else None for frame in range(start, stop)]

    def _index(self, path: str) -> MaskIndex:
        index = self._indices.pop(path, None) or MaskIndex(Path(path))
        self._indices[path] = index
        while len(self._indices) > _OPEN:
            self._indices.popitem(last=False)
        return index


def _counts(row: Entry, frame: int, size: tuple[int, int]) -> Counts:
    run = row.list()[frame]
    if run is None:
        return None
    entry = Entry(row.path, f"{row.key}/{frame}", run)
    counts = entry["counts"]
    if isinstance(counts.value, str):
        return counts.value if rle.check(entry, size)[1::2].any() else None
    return _encoded(rle.decode(entry, size))


def _label(path: Path, label: int, size: tuple[int, int]) -> Counts:
    labels = pictures.labels(path)
    if labels.shape != size:
        raise DataError(f"{path} has another size than the frames of its video.")
    return _encoded(labels == label)


def _encoded(mask: Any) -> Counts:
    masklet = Masklet(mask.shape)
    masklet.set(0, mask)
    made = masklet.rle(0)
    return None if made is None else str(made["counts"])
