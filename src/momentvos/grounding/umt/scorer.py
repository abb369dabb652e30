"""Unmasked Teacher as a scorer of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from momentvos.grounding import weights
from momentvos.grounding.similarity import Texts, tokens
from momentvos.grounding.umt.checkpoint import read
from momentvos.grounding.umt.model import Umt

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKENIZER = "google-bert/bert-large-uncased"
LONGEST = 32
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class UmtScorer:
    """A scorer of frames in context: cosine with the sentence; windows overlap by half."""

    model: Umt
    tokenizer: Any
    calibrated: bool = False

    @property
    def size(self) -> int:
        return self.model.shape.frames

    @property
    def overlap(self) -> int:
        return self.size // 2

    def texts(self, sentences: Sequence[str]) -> Texts:
        encoded, notes = tokens(self.tokenizer, sentences, LONGEST)
        device = self.model.text_proj.weight.device
        ids, mask = encoded["input_ids"].to(device), encoded["attention_mask"].to(device)
        return Texts(self.model.sentences(ids, mask), notes)

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        weight = self.model.vision_proj.weight
        window = pixels(np.stack(frames), self.model.shape.side).to(weight)
        if missing := self.size - len(window):
            window = torch.cat([window, window[-1:].expand(missing, -1, -1, -1)])
        return (texts.inputs @ self.model.frames(window).T)[:, : len(frames)]


def pixels(frames: NDArray[np.uint8], side: int) -> Tensor:
    """uint8 [T, H, W, 3] as float [T, 3, S, S]: stretched, bicubic as in training, normalised."""
    planes = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).float()
    sized = torch.nn.functional.interpolate(planes, (side, side), mode="bicubic")
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (sized.round().clamp(0, 255) / 255 - mean) / std


def load(source: str | Path, device: str = "auto") -> UmtScorer:
    """Load an official file; the tokenizer is from its folder, else BERT's from the hub.

    Raises ModelError where either cannot be had, DeviceError for a device that is not there.
    """
    target = weights.resolve_device(device)
    model = read(source).to(target, weights.precision(target))
    beside = Path(source).parent
    own = any((beside / name).is_file() for name in ("tokenizer.json", "vocab.txt"))
    words = weights.obtain("umt", str(beside) if own else TOKENIZER, weights.tokenizer)
    return UmtScorer(model, words)
