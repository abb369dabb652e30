"""What the mask decoder is asked for on a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import Sam2VideoModel


@dataclass(frozen=True)
class Prompt:
    """Prompts of `N` frames x lanes; every part is optional, an empty prompt tracks by memory.

    tokens: `[N,K,C]` decoder tokens (a sentence), placed after SAM2's point tokens.
    points, labels: `[N,Q,2]` (x, y) in input pixels, int `[N,Q]` (1 object, 0 background).
    boxes: `[N,4]` (left, top, right, bottom) in input pixels.
    mask: `[N,1,h4,w4]` low-resolution mask logits.
    """

    tokens: Tensor | None = None
    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    mask: Tensor | None = None


def embed(sam: Sam2VideoModel, prompt: Prompt, count: int) -> tuple[Tensor, Tensor]:
    """Sparse tokens `[N,T,C]` and a dense map `[N,C,h,w]`, in the model's own precision.

    Without points and boxes SAM2 gives two padding-point tokens; text tokens come after them.
    """
    weight = sam.prompt_encoder.no_mask_embed.weight
    points, labels, boxes, mask = prompt.points, prompt.labels, prompt.boxes, prompt.mask
    if points is None and boxes is None:
        points = weight.new_zeros(count, 1, 2)
        labels = torch.full((count, 1), -1, dtype=torch.int64, device=weight.device)
    with torch.autocast(weight.device.type, enabled=False):
        sparse, dense = sam.prompt_encoder(
            None if points is None else points[:, None],
            None if labels is None else labels[:, None],
            None if boxes is None else boxes[:, None],
            None if mask is None else mask.to(weight.dtype),
        )
    sparse = sparse[:, 0]
    if prompt.tokens is not None:
        sparse = torch.cat([sparse, prompt.tokens.to(sparse.dtype)], dim=1)
    return sparse, dense
