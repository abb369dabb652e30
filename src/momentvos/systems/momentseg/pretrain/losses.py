"""Losses that replace pretraining: predicted IoU, and alignment of prompts and patches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.selection.losses import mean_or_zero

TEMPERATURE, COVERAGE = 0.1, 0.3


def patch_alignment(prompts: Tensor, top: Tensor, masks: Tensor) -> Tensor:
    """Patch classification: the target of each [SEG] against the targets of the others.

    Cross entropy of cosine / 0.1 between prompts and patches, both kinds of which weigh the same; a
    patch counts where 30 % or more of it is covered. Untrained prompts learn SAM2's features from
    it long before they do from masks.

    Args:
        prompts: [E, C], of the expressions about the same frames.
        top: SAM2's coarsest features of them, [K, C, h, w].
        masks: bool [E, K, H, W].
    """
    size = (top.shape[2], top.shape[3])
    shares = F.adaptive_avg_pool2d(masks.flatten(0, 1)[:, None].float(), size)
    meant = shares.view(*masks.shape[:2], *size) > COVERAGE
    others = meant.any(0) & ~meant
    patches = F.normalize(top.float(), dim=1)
    cosine = torch.einsum("ec,kchw->ekhw", F.normalize(prompts.float(), dim=1), patches)
    logits = cosine / TEMPERATURE
    return mean_or_zero(F.softplus(-logits[meant])) + mean_or_zero(F.softplus(logits[others]))


def iou_loss(logits: Tensor, iou: Tensor, masks: Tensor) -> Tensor:
    """Squared error of the predicted IoU [N]; logits [N, h, w]; masks: bool [N, H, W]; N >= 1."""
    size = (logits.shape[1], logits.shape[2])
    truth = F.interpolate(masks[:, None].float(), size, mode="nearest")[:, 0] > 0
    predicted = logits.detach() > 0
    both, either = (predicted & truth).flatten(1).sum(1), (predicted | truth).flatten(1).sum(1)
    return F.mse_loss(iou.float(), both / either.clamp(min=1))
