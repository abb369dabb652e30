"""Feature maps of a batch of frames, as the mask decoder and the memory attention read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Pyramid:
    """Levels from high to low resolution, `[N,C/8,S/4,S/4]`, `[N,C/4,S/8,S/8]`, `[N,C,S/16,S/16]`.

    `N` counts frames, or (object, frame) rows once frames have been selected for objects. Where one
    frame is selected for all rows, they share its memory (a stride of 0).
    """

    levels: tuple[Tensor, ...]

    def __len__(self) -> int:
        return self.top.shape[0]

    @property
    def top(self) -> Tensor:
        """The level memory works on, `[N,C,h,w]` at stride 16."""
        return self.levels[-1]

    def with_top(self, top: Tensor) -> Pyramid:
        """The same high-resolution levels under another (attended) top level."""
        return Pyramid((*self.levels[:-1], top))

    def select(self, index: Tensor) -> Pyramid:
        """Rows `index` (int64 `[M]`, repeats allowed) of every level."""
        rows = index.tolist() if index.device.type == "cpu" else []  # elsewhere it would wait
        if rows and rows.count(rows[0]) == len(rows):
            return self._row(rows[0]).expand(len(rows))
        return Pyramid(tuple(level.index_select(0, index) for level in self.levels))

    def expand(self, count: int) -> Pyramid:
        """One frame for `count` readers, without a copy: what is made of it alone is made once."""
        return Pyramid(tuple(level.expand(count, -1, -1, -1) for level in self.levels))

    def _row(self, n: int) -> Pyramid:
        return Pyramid(tuple(level[n : n + 1] for level in self.levels))

    def detach(self) -> Pyramid:
        """The same values, cut from the graph."""
        return Pyramid(tuple(level.detach() for level in self.levels))

    @staticmethod
    def cat(pyramids: Sequence[Pyramid]) -> Pyramid:
        """All rows of `pyramids`, in order."""
        one = pyramids[0]
        if all(other is one for other in pyramids) and len(one) == 1:
            return one.expand(len(pyramids))
        levels = zip(*(pyramid.levels for pyramid in pyramids), strict=True)
        return Pyramid(tuple(torch.cat(level) for level in levels))
