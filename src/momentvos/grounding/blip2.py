"""Scores of BLIP-2's image-text matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from momentvos.grounding import weights
from momentvos.grounding.similarity import Texts, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Head = Literal["itm", "itc"]
LONGEST = 64


@dataclass(frozen=True)
class Matching:
    """BLIP-2 as a scorer: ViT-G encodes each frame once, the Q-Former reads it with each sentence.

    model: Blip2ForImageTextRetrieval. head: "itm", the probability that both match; or "itc", the
    largest cosine between the sentence and one of the frame's query vectors, which is cheaper.
    """

    model: Any
    images: Any
    tokenizer: Any
    head: Head = "itm"
    size: int = 8
    overlap: int = 0

    @property
    def calibrated(self) -> bool:
        return self.head == "itm"

    def texts(self, sentences: Sequence[str]) -> Texts:
        positions = self.model.config.qformer_config.max_position_embeddings
        encoded, notes = tokens(self.tokenizer, sentences, min(LONGEST, positions))
        ids = encoded["input_ids"].to(self.model.device)
        mask = encoded["attention_mask"].to(self.model.device)
        if self.head == "itm":
            return Texts((ids, mask), notes)
        embedded = self.model.embeddings(input_ids=ids)
        read = self.model.qformer(
            query_embeds=embedded, query_length=0, attention_mask=mask, return_dict=True
        ).last_hidden_state[:, 0]
        projected = self.model.text_projection(read.to(self.model.text_projection.weight.dtype))
        return Texts(normalize(projected.float(), dim=-1), notes)

    def score(self, frames: Sequence[NDArray[np.uint8]], texts: Texts) -> Tensor:
        pixels = weights.pixels(self.images, frames)["pixel_values"]
        pixels = pixels.to(self.model.device, self.model.dtype)
        features = self.model.vision_model(pixel_values=pixels, return_dict=True).last_hidden_state
        if self.head == "itc":
            return self._contrast(features, texts.inputs)
        ids, mask = texts.inputs
        rows = [self._match(features, ids[row], mask[row]) for row in range(len(ids))]
        return torch.stack(rows)

    def _match(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Probability [n] that each of n frames matches one sentence of N tokens."""
        frames = len(features)
        queries = self.model.query_tokens.expand(frames, -1, -1)
        both = self.model.embeddings(input_ids=ids.expand(frames, -1), query_embeds=queries)
        visible = torch.cat([mask.new_ones(frames, queries.shape[1]), mask.expand(frames, -1)], 1)
        read = self.model.qformer(
            query_embeds=both,
            query_length=queries.shape[1],
            attention_mask=visible,
            encoder_hidden_states=features,
            encoder_attention_mask=mask.new_ones(features.shape[:2]),
            return_dict=True,
        ).last_hidden_state[:, : queries.shape[1]]
        logits = self.model.itm_head(read.to(self.model.itm_head.weight.dtype)).mean(dim=1)
        probability: Tensor = logits.float().softmax(dim=-1)[:, 1]
        return probability

    def _contrast(self, features: Tensor, sentences: Tensor) -> Tensor:
        """Cosine [L, n] of n frames with L sentences [L, D]."""
        read = self.model.qformer(
            query_embeds=self.model.query_tokens.expand(len(features), -1, -1),
            encoder_hidden_states=features,
            return_dict=True,
        ).last_hidden_state
        projected = self.model.vision_projection(read.to(self.model.vision_projection.weight.dtype))
        cosine = torch.einsum("ld,nqd->lnq", sentences, normalize(projected.float(), dim=-1))
        return cosine.amax(dim=-1)


def load(source: str, device: str = "auto", head: Head = "itm") -> Matching:
    """Load weights, image processor and tokenizer from a folder or hub id.

    Raises ModelError where they cannot be had, DeviceError for a device that is not there.
    """
    from transformers import Blip2ForImageTextRetrieval

    target = weights.resolve_device(device)

    def parts(source: str, local: bool) -> Matching:
        model = weights.model(
            Blip2ForImageTextRetrieval, source, local, ("blip-2",), dtype=weights.precision(target)
        )
        images = weights.images(source, local)
        return Matching(model.to(target), images, weights.tokenizer(source, local), head)

    return weights.obtain("blip2", source, parts)
