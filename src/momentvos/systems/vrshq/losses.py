"""VRS-HQ's mask losses: cross entropy and Dice at the frames' own size."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

SCALE = 1000.0
TINY = 1e-6


@dataclass(frozen=True)
class Weights:
    """Weights of the losses; the defaults are the paper's.

    Attributes:
        language: cross entropy of the answers' tokens.
        mask, dice: of the masks.
        object_score: cross entropy of "the target is in this frame", which the paper leaves as
            SAM2 has it; needed from scratch, since keyframes are chosen and frames blanked by it.
        prompt_distillation: of `momentvos.mllm.distillation`; not the paper's, whose language model
            is pretrained.
    """

    language: float = 1.0
    mask: float = 2.0
    dice: float = 0.5
    object_score: float = 0.0
    prompt_distillation: float = 0.0


def mask_losses(logits: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """(binary cross entropy, Dice) of each mask, [N] both.

    Dice is 1 - (2 sum(p y) / 1000 + e) / (sum(p) / 1000 + sum(y) / 1000 + e), e = 1e-6.

    Args:
        logits: [N, H, W].
        masks: bool [N, H, W].
    """
    flat, truth = logits.float().flatten(1), masks.flatten(1).float()
    entropy = F.binary_cross_entropy_with_logits(flat, truth, reduction="none").mean(1)
    chance = flat.sigmoid()
    both = (chance * truth).sum(1) / SCALE
    either = (chance.sum(1) + truth.sum(1)) / SCALE
    return entropy, 1 - (2 * both + TINY) / (either + TINY)
