"""Detections as they are held through a video."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from momentvos.selection.components import decode, encode
from momentvos.systems.tracks.detectors import Detection


@dataclass(frozen=True)
class Held:
    """A detection whose mask, where there is one, is run-length encoded.

    Masks of all keyframes as arrays would take as much memory as the keyframes themselves.

    Attributes:
        box: the detection without its mask.
        encoded: COCO run-length encoding of the mask.
    """

    box: Detection
    encoded: dict[str, Any] | None = None

    @classmethod
    def of(cls, detection: Detection) -> Self:
        """A detection, held."""
        encoded = None if detection.mask is None else encode(detection.mask)
        return cls(replace(detection, mask=None), encoded)

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """The mask, [H, W]."""
        return None if self.encoded is None else decode(self.encoded)

    def whole(self) -> Detection:
        """The detection as it was."""
        return replace(self.box, mask=self.mask)
