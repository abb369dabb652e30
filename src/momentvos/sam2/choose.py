"""Which of the decoder's mask tokens becomes the mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Choice = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Candidates:
    """tokens `[N,4,C]`, predicted iou `[N,4]`, pixels `[N,C/8,h4,w4]`; masks are made on demand."""

    decoder: Any
    tokens: Tensor
    iou: Tensor
    pixels: Tensor

    def masks(self, start: int, stop: int) -> Tensor:
        """Logits `[N,stop-start,h4,w4]` of tokens `start` to `stop - 1`."""
        heads = self.decoder.output_hypernetworks_mlps
        hyper = torch.stack([heads[i](self.tokens[:, i]) for i in range(start, stop)], dim=1)
        height, width = self.pixels.shape[-2:]
        masks: Tensor = hyper @ self.pixels.flatten(2)
        return masks.reshape(*masks.shape[:2], height, width)


def first(candidates: Candidates) -> Choice:
    """Token 0, SAM2's single mask."""
    return candidates.masks(0, 1)[:, 0], candidates.iou[:, 0], candidates.tokens[:, 0]


def best(candidates: Candidates) -> Choice:
    """The token of best predicted IoU among 1 and above."""
    masks = candidates.masks(1, candidates.tokens.shape[1])
    row = torch.arange(len(masks), device=masks.device)
    index = candidates.iou[:, 1:].argmax(dim=1)
    return masks[row, index], candidates.iou[row, index + 1], candidates.tokens[row, index + 1]


def stable_first(candidates: Candidates) -> Choice:
    """Token 0, its mask and IoU replaced by those of `best` where its mask is not stable."""
    logits, iou, token = first(candidates)
    other, other_iou, _ = best(candidates)
    delta = candidates.decoder.dynamic_multimask_stability_delta
    flat = logits.flatten(1)
    inner = (flat > delta).sum(dim=1).float()
    outer = (flat > -delta).sum(dim=1).float()
    stability = torch.where(outer > 0, inner / outer, 1.0)
    stable = stability >= candidates.decoder.dynamic_multimask_stability_thresh
    return (
        torch.where(stable[:, None, None], logits, other),
        torch.where(stable, iou, other_iou),
        token,
    )
