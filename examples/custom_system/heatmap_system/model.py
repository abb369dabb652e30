"""The heat-map system's weights: SAM2 and CLIPSeg."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPSegForImageSegmentation, Sam2VideoModel

from heatmap_system.config import HeatmapConfig
from heatmap_system.session import HeatmapSession
from momentvos.systems.base import System
from momentvos.systems.loading import part, tokenizer_beside


class HeatmapModel(System):
    """SAM2, prompted where CLIPSeg (`clipseg`) sees what a sentence says."""

    config_class = HeatmapConfig
    config: HeatmapConfig
    base_model_prefix = "heatmap"
    session_class = HeatmapSession

    def __init__(self, config: HeatmapConfig) -> None:
        super().__init__(config)
        self.sam = Sam2VideoModel(config.sam_config)
        self.clipseg = CLIPSegForImageSegmentation(config.clipseg_config)
        self.post_init()

    @property
    def text_model_config(self) -> Any:
        """See `System`."""
        return self.config.clipseg_config

    @classmethod
    def from_parts(cls, sam: str | Path, clipseg: str | Path) -> HeatmapModel:
        """A model of published weights, by folders or hub ids. Raises ModelError without them."""
        tracker, images = part(Sam2VideoModel, sam), part(CLIPSegForImageSegmentation, clipseg)
        model = cls(HeatmapConfig(sam_config=tracker.config, clipseg_config=images.config))
        model.sam, model.clipseg = tracker, images
        model.tokenizer = tokenizer_beside(clipseg, images.config)
        return model

    def read(self, sentences: Sequence[str]) -> Tensor:
        """Embeddings [L, D] of sentences; what exceeds CLIP's context is cut."""
        if self.tokenizer is None:
            raise ValueError("a model needs its tokenizer to read")
        most = self.config.clipseg_config.text_config.max_position_embeddings
        options = {"padding": True, "truncation": True, "max_length": most}
        words = self.tokenizer(list(sentences), return_tensors="pt", **options).to(self.device)
        text = self.clipseg.clip.get_text_features(words.input_ids, words.attention_mask)
        return text.pooler_output

    def heat(self, picture: Tensor, words: Tensor) -> Tensor:
        """Where each of L sentences may be meant in a picture, 0..1 [L, h, w].

        picture: [1, 3, S, S], normalised as SAM2's input, which is as CLIPSeg's. words: [L, D].
        """
        size = (self.config.picture, self.config.picture)
        small = F.interpolate(picture, size, mode="bilinear", antialias=True).to(self.dtype)
        image = self.clipseg.clip.get_image_features(
            small, interpolate_pos_encoding=True, output_hidden_states=True
        )
        depths = self.config.clipseg_config.extract_layers
        levels = [image.hidden_states[k + 1].expand(len(words), -1, -1) for k in depths]
        return self.clipseg.decoder(levels, words).logits.float().sigmoid()
