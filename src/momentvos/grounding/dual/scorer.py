"""The dual encoder as a scorer of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from momentvos.grounding import weights
from momentvos.grounding.similarity import Texts, tokens
from momentvos.sentence import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from momentvos.grounding.dual.model import DualEncoder


@dataclass(frozen=True)
class DualScorer:
    """Probabilities of frames in windows that overlap by half."""

    model: DualEncoder
    calibrated: bool = True

    @property
    def size(self) -> int:
        return int(self.model.config.window)

    @property
    def overlap(self) -> int:
        return self.size // 2

    def texts(self, sentences: Sequence[str]) -> Texts:
        lower = [plain(sentence).lower() for sentence in sentences]
        encoded, notes = tokens(self.model.tokenizer, lower, self.model.config.positions)
        ids, mask = encoded["input_ids"], encoded["attention_mask"]
        read = self.model.sentences(ids.to(self.model.device), mask.to(self.model.device))
        return Texts(read, notes)

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        pixels = to_pixels(np.stack(frames), self.model.config.side).to(self.model.device)
        return self.model.relevance(self.model.cells(pixels[None])[0], texts.inputs).sigmoid()


def to_pixels(frames: NDArray[np.uint8], side: int) -> Tensor:
    """uint8 [T, H, W, 3] as float [T, 3, S, S], 0..1; stretched to the square."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).float() / 255
    if pixels.shape[2:] == (side, side):
        return pixels
    return torch.nn.functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True)


def load(source: str | Path, device: str = "auto") -> DualScorer:
    """Load a trained dual encoder from a folder or hub id.

    Raises ModelError where it cannot be had, DeviceError for a device that is not there.
    """
    target = weights.resolve_device(device)

    def parts(source: str, local: bool) -> DualScorer:
        from transformers import AutoConfig

        from momentvos.grounding.dual.model import DualConfig, DualEncoder

        AutoConfig.register(DualConfig.model_type, DualConfig, exist_ok=True)
        model = weights.model(DualEncoder, source, local, (DualConfig.model_type,))
        model.tokenizer = weights.tokenizer(source, local, model.config.vocab_size)
        return DualScorer(model.to(target))

    return weights.obtain("dual", str(source), parts)
