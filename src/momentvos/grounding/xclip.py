"""Scores of X-CLIP: embeddings of sentences and of windows whose frames exchange messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.grounding import weights
from momentvos.grounding.similarity import Texts, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class WindowTower:
    """A scorer of windows: each frame has its window's cosine; windows overlap by half.

    model: XCLIPModel. A video shorter than a window is filled up with its last frame.
    """

    model: Any
    images: Any
    tokenizer: Any
    calibrated: bool = False

    @property
    def size(self) -> int:
        frames: int = self.model.config.vision_config.num_frames
        return frames

    @property
    def overlap(self) -> int:
        return self.size // 2

    def texts(self, sentences: Sequence[str]) -> Texts:
        limit = self.model.config.text_config.max_position_embeddings
        encoded, notes = tokens(self.tokenizer, sentences, limit)
        names = ("input_ids", "attention_mask")
        return Texts({name: encoded[name].to(self.model.device) for name in names}, notes)

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        return self.logits(frames, texts) / self.model.logit_scale.exp().float()

    def logits(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        """Scores [L, n] by the model's own temperature: a softmax of them compares L texts."""
        pixels = weights.pixels(self.images, frames)["pixel_values"].flatten(0, -4)
        pixels = pixels.to(self.model.device, self.model.dtype)
        missing = self.size - len(pixels)
        if missing:
            pixels = torch.cat([pixels, pixels[-1:].expand(missing, -1, -1, -1)])
        logits = self.model(pixel_values=pixels[None], **texts.inputs).logits_per_video
        return logits[0].float()[:, None].expand(-1, len(frames))


def load(source: str, device: str = "auto") -> WindowTower:
    """Load weights, image processor and tokenizer from a folder or hub id.

    Raises ModelError where they cannot be had, DeviceError for a device that is not there.
    """
    from transformers import AutoModel

    target = weights.resolve_device(device)

    def parts(source: str, local: bool) -> WindowTower:
        model = weights.model(AutoModel, source, local, ("xclip",), dtype=weights.precision(target))
        images = weights.images(source, local)
        return WindowTower(model.to(target), images, weights.tokenizer(source, local))

    return weights.obtain("xclip", source, parts)
