"""What detectors of `transformers` share: frames in batches, as the models want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from momentvos.grounding import weights
from momentvos.systems.tracks.detectors.deformable import speed_up
from momentvos.systems.tracks.detectors.detection import Detection

BATCH = 4
"""Frames that are detected at once; on a CPU one, since more are no faster there and take half a
gigabyte each.
"""


@dataclass(frozen=True)
class FrameDetector:
    """A detector that sees each frame alone.

    Attributes:
        model, images, tokenizer: of `transformers`.
        box_threshold: least score of a box, 0..1.
    """

    model: Any
    images: Any
    tokenizer: Any
    box_threshold: float

    def __post_init__(self) -> None:
        speed_up(self.model)

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        """See `Detector`."""
        made: list[list[Detection]] = []
        batch = 1 if self.model.device.type == "cpu" else BATCH
        for start in range(0, len(frames), batch):
            made += self._detect(frames[start : start + batch], list(phrases))
        return made

    def pixels(self, frames: Sequence[NDArray[np.uint8]]) -> dict[str, Tensor]:
        """Frames as the model wants them."""
        made = weights.pixels(self.images, frames)
        moved = {name: value.to(self.model.device) for name, value in made.items()}
        moved["pixel_values"] = moved["pixel_values"].to(self.model.dtype)
        return moved

    def _detect(
        self, frames: Sequence[NDArray[np.uint8]], phrases: list[str]
    ) -> list[list[Detection]]:
        """Detections of at most `BATCH` frames."""
        raise NotImplementedError
