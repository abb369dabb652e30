"""MomentSeg's mask losses: cross entropy and Dice at points near the masks' borders."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """Weights of the losses; [FIND] has its own factor inside (see `find.loss`).

    Attributes:
        language, mask, dice, find: the paper's.
        object_score, iou: of SAM2's scores of its own masks, which the paper leaves as they are;
            needed from scratch, since the best mask is chosen by them.
        patch_alignment: of `pretrain.losses`; not the paper's, whose encoders are pretrained.
        prompt_distillation, paraphrase: of `momentvos.mllm.distillation`; not the paper's, whose
            language model is pretrained.
        dual_distillation: of `mllm.distillation.dual_encoder_distillation_loss`; not the paper's,
            whose vision tower is pretrained on video.
        find_patches: of `find.patch_loss`; not the paper's, whose patch tokens are pretrained.
        find_words: of `mllm.alignment.sentence_word_loss`, [FIND]'s states; not the paper's.
        points: where masks are compared, as in PointRend: so many times `oversample` places are
            drawn, the `importance` share of least certain ones is kept, the rest is drawn anew.
            Maps with fewer pixels than that are compared at every pixel.
    """

    language: float = 1.0
    mask: float = 2.0
    dice: float = 0.5
    find: float = 1.0
    object_score: float = 0.0
    iou: float = 0.0
    patch_alignment: float = 0.0
    prompt_distillation: float = 0.0
    paraphrase: float = 0.0
    dual_distillation: float = 0.0
    find_patches: float = 0.0
    find_words: float = 0.0
    points: int = 12544
    oversample: float = 3.0
    importance: float = 0.75


def mask_losses(logits: Tensor, masks: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """(binary cross entropy, Dice) of logits [N, h, w] and masks bool [N, H, W]; N >= 1.

    Dice is 1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1), mean over masks.
    """
    logits = logits.float()
    size = (logits.shape[1], logits.shape[2])
    truth = F.interpolate(masks[:, None].float(), size, mode="nearest")
    maps = logits[:, None]
    if weights.points < size[0] * size[1]:
        with torch.no_grad():
            places = uncertain_places(maps, weights)
        maps, truth = _sample(maps, places), _sample(truth, places)
    maps, truth = maps.flatten(1), truth.flatten(1)
    entropy = F.binary_cross_entropy_with_logits(maps, truth)
    chance = maps.sigmoid()
    both, either = (chance * truth).sum(1), chance.sum(1) + truth.sum(1)
    return entropy, (1 - (2 * both + 1) / (either + 1)).mean()


def uncertain_places(maps: Tensor, weights: Weights) -> Tensor:
    """Places [N, points, 2] (x, y in 0..1) of maps [N, 1, h, w], most where logits are near 0."""
    count = len(maps)
    drawn = torch.rand(count, int(weights.points * weights.oversample), 2, device=maps.device)
    near = int(weights.points * weights.importance)
    index = _sample(maps, drawn)[:, 0].abs().topk(near, dim=1, largest=False).indices
    kept = drawn.gather(1, index[..., None].expand(-1, -1, 2))
    rest = torch.rand(count, weights.points - near, 2, device=maps.device)
    return torch.cat([kept, rest], 1)


def _sample(maps: Tensor, places: Tensor) -> Tensor:
    """Values [N, 1, P] at places [N, P, 2]."""
    grid = 2 * places[:, :, None] - 1
    return F.grid_sample(maps, grid, align_corners=False)[..., 0]
