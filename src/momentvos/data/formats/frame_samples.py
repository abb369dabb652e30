"""Samples whose frames are image files, with masks as RLE or as label images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from momentvos.data.formats import pictures, rle
from momentvos.data.formats.entry import BrokenEntry, Entry
from momentvos.data.formats.mask_index import MaskIndex
from momentvos.data.sample import Sample

VOID = 255
"""Label of void pixels, which evaluation leaves out."""


@dataclass(frozen=True)
class FrameSample(Sample):
    """An expression about a folder of images, one per frame, without masks.

    `size` is read from the first image, or mask, on first access.
    """

    size: tuple[int, int] = field(init=False, repr=False, compare=False)
    images: tuple[Path, ...] = field(repr=False, kw_only=True)

    def __getattr__(self, name: str) -> Any:
        if name != "size":
            raise AttributeError(name)
        size = self._measured()
        object.__setattr__(self, "size", size)
        return size

    def _measured(self) -> tuple[int, int]:
        return pictures.size(self.images[0])

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB, uint8 [N, H, W, 3]. Raises DataError for a missing, broken or odd-sized frame."""
        frames = [self._frame(self.images[index]) for index in indices]
        return np.stack(frames) if frames else np.zeros((0, *self.size, 3), dtype=np.uint8)

    def _frame(self, path: Path) -> np.ndarray:
        rgb = pictures.rgb(path)
        if rgb.shape[:2] != self.size:
            raise BrokenEntry(
                path,
                "",
                f"is a frame of {rgb.shape[1]} x {rgb.shape[0]} pixels in a video of "
                f"{self.size[1]} x {self.size[0]}",
            )
        return rgb

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Masks, bool [O, N, H, W]. Raises DataError where they are unknown, missing or broken."""
        if not self.annotated:
            folder, what = self.images[0].parent, f"expression {self.expression_id}"
            raise BrokenEntry(folder, what, "has no masks")
        masks = np.zeros((len(self.targets), len(indices), *self.size), dtype=bool)
        for place, index in enumerate(indices):
            self._draw(masks[:, place], index)
        return masks

    def _draw(self, masks: np.ndarray, index: int) -> None:
        """Set the frame's masks, bool [O, H, W]."""
        if len(masks):
            raise NotImplementedError


@dataclass(frozen=True)
class RLESample(FrameSample):
    """Masks in RLE from a lazy mask index, one row per target; null is an empty mask."""

    mask_index: MaskIndex | None = field(default=None, repr=False, kw_only=True, compare=False)

    def _measured(self) -> tuple[int, int]:
        for row in self.rows():
            for index in range(self.length):
                if (run := _run(row, index)) is not None:
                    return rle.size(run)
        return super()._measured()

    def rows(self) -> list[Entry]:
        """RLEs of each target, one per frame. Raises DataError for a row of another length."""
        if self.mask_index is None or not self.annotated:
            return []
        return [self.mask_index.row(target.id, self.length) for target in self.targets]

    def rle(self, index: int) -> dict[str, Any] | None:
        """As `Sample.rle`; a frame's only RLE is returned without decoding it."""
        runs = [one for row in self.rows() if (one := _run(row, index)) is not None]
        if len(runs) != 1 or not isinstance(runs[0]["counts"].value, str):
            return super().rle(index)
        lengths = rle.check(runs[0], self.size)
        size, counts = list(self.size), runs[0].value["counts"]
        return {"size": size, "counts": counts} if lengths[1::2].any() else None

    def has_mask(self, row: Entry, index: int) -> bool:
        """Whether a row's mask in a frame has pixels. Raises DataError for a broken one."""
        run = _run(row, index)
        return run is not None and bool(rle.check(run, self.size)[1::2].any())

    def _draw(self, masks: np.ndarray, index: int) -> None:
        for mask, row in zip(masks, self.rows(), strict=True):
            if (run := _run(row, index)) is not None:
                mask[:] = rle.decode(run, self.size)


def _run(row: Entry, index: int) -> Entry | None:
    """RLE of one frame of a row, None where the object is not visible."""
    run = row.list()[index]
    return None if run is None else Entry(row.path, f"{row.key}/{index}", run)


@dataclass(frozen=True)
class LabelSample(FrameSample):
    """Masks from label images, one per frame; a target's id is its label. 255 is void."""

    labels: tuple[Path, ...] = field(default=(), repr=False, kw_only=True)

    def _draw(self, masks: np.ndarray, index: int) -> None:
        labels = self._labels(index)
        for mask, target in zip(masks, self.targets, strict=True):
            mask[:] = labels == int(target.id)

    def ignored(self, indices: Sequence[int]) -> np.ndarray:
        """Void pixels, bool [N, H, W]."""
        if not self.annotated:
            return np.zeros((len(indices), *self.size), dtype=bool)
        return np.stack([self._labels(index) == VOID for index in indices])

    def _labels(self, index: int) -> np.ndarray:
        labels = pictures.labels(self.labels[index])
        if labels.shape != self.size:
            raise BrokenEntry(
                self.labels[index],
                "",
                f"is a mask of {labels.shape[1]} x {labels.shape[0]} pixels for a frame of "
                f"{self.size[1]} x {self.size[0]}",
            )
        return labels
