"""Scores of CLIP, SigLIP and SigLIP 2: image and sentence embeddings, compared by cosine."""

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
class TwoTower:
    """A two-tower scorer: CLIP's cosine, or SigLIP's probability that image and sentence match.

    model: CLIPModel, SiglipModel or Siglip2Model. images: its image processor.
    """

    model: Any
    images: Any
    tokenizer: Any
    size: int = 16
    overlap: int = 0

    @property
    def calibrated(self) -> bool:
        return hasattr(self.model, "logit_bias")

    def texts(self, sentences: Sequence[str]) -> Texts:
        limit = self.model.config.text_config.max_position_embeddings
        if self.calibrated:
            # SigLIP was trained on lower case, padded to full length, without a mask.
            lower = [sentence.lower() for sentence in sentences]
            encoded, notes = tokens(self.tokenizer, lower, limit, padding="max_length")
            inputs = {"input_ids": encoded["input_ids"]}
        else:
            encoded, notes = tokens(self.tokenizer, sentences, limit)
            inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
        moved = {name: value.to(self.model.device) for name, value in inputs.items()}
        return Texts(_unit(self.model.get_text_features(**moved)), notes)

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        if not self.calibrated:
            return self._cosine(frames, texts)
        return (self.logits(frames, texts) + self.model.logit_bias.float()).sigmoid()

    def logits(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        """Scores [L, n] by the model's own temperature: a softmax of them compares L texts."""
        return self._cosine(frames, texts) * self.model.logit_scale.exp().float()

    def _cosine(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        pixels = weights.pixels(self.images, frames).to(self.model.device)
        pixels["pixel_values"] = pixels["pixel_values"].to(self.model.dtype)
        cosine: Tensor = texts.inputs @ _unit(self.model.get_image_features(**pixels)).T
        return cosine


def load(name: str, source: str, device: str = "auto") -> TwoTower:
    """Load weights, image processor and tokenizer from a folder or hub id.

    Raises ModelError where they cannot be had, DeviceError for a device that is not there.
    """
    from transformers import AutoModel

    target = weights.resolve_device(device)
    kinds = ("clip",) if name == "clip" else ("siglip2", "siglip")

    def parts(source: str, local: bool) -> TwoTower:
        model = weights.model(AutoModel, source, local, kinds, dtype=weights.precision(target))
        images = weights.images(source, local)
        return TwoTower(model.to(target), images, weights.tokenizer(source, local))

    return weights.obtain(name, source, parts)


def _unit(features: Any) -> Tensor:
    """Rows of length 1, float32; newer versions of the library wrap the tensor."""
    plain = features if isinstance(features, Tensor) else features.pooler_output
    return torch.nn.functional.normalize(plain.float(), dim=-1)
