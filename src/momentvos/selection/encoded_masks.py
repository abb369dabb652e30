"""Masks by frame that are held run-length encoded."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.selection.components import decode


class EncodedMasks(Mapping[int, NDArray[np.bool_]]):
    """Masks bool [H, W] by frame, each decoded when it is read. See `TrackMasks`.

    Args:
        masks: COCO run-length encodings by frame; looked at anew each time, so they may grow.
    """

    def __init__(self, masks: Mapping[int, dict[str, Any]]) -> None:
        self._masks = masks

    def __getitem__(self, frame: int) -> NDArray[np.bool_]:
        return decode(self._masks[frame])

    def __iter__(self) -> Iterator[int]:
        return iter(self._masks)

    def __len__(self) -> int:
        return len(self._masks)

    def only(self, frames: Container[int]) -> EncodedMasks:
        """Those of some frames."""
        return EncodedMasks({frame: one for frame, one in self._masks.items() if frame in frames})
