"""What masks are trained with: cross entropy and Dice at points near their borders."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

ALIKE, COVERAGE = 0.1, 0.3


@dataclass(frozen=True)
class Weights:
    """Of the terms; [FIND] has its own factor inside (see `find.loss`).

    Attributes:
        language, mask, dice, find: the paper's terms.
        object_score, iou: train SAM2's judgement of its own masks too, which the paper leaves as
            it is; needed from scratch, since the best mask is chosen by it.
        align: of `alignment`; not the paper's, whose encoders know what things look like.
        heard, agree: of `momentvos.mllm.distillation`; not the paper's, whose language model knows
            what words mean.
        watched: of `momentvos.mllm.distillation.dual_encoder_distillation_loss`; not the paper's,
            whose vision tower knows motion.
        places: of `find.places_loss`; not the paper's, whose tokens know what they show.
        echo: of `momentvos.mllm.alignment.sentence_word_loss`, [FIND]'s states; not the paper's.
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
    align: float = 0.0
    heard: float = 0.0
    agree: float = 0.0
    watched: float = 0.0
    places: float = 0.0
    echo: float = 0.0
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


def alignment(prompts: Tensor, top: Tensor, masks: Tensor) -> Tensor:
    """Tell the places of what a [SEG] means from those of what the others mean.

    Cross entropy of cosine / 0.1 between prompts and places, both kinds of which weigh the same; a
    place counts where it is covered by 30 % or more. It leads untrained prompts to SAM2's features
    long before masks do.

    Args:
        prompts: [E, C], of the expressions about the same frames.
        top: SAM2's coarsest features of them, [K, C, h, w].
        masks: bool [E, K, H, W].
    """
    size = (top.shape[2], top.shape[3])
    shares = F.adaptive_avg_pool2d(masks.flatten(0, 1)[:, None].float(), size)
    meant = shares.view(*masks.shape[:2], *size) > COVERAGE
    others = meant.any(0) & ~meant
    places = F.normalize(top.float(), dim=1)
    logits = torch.einsum("ec,kchw->ekhw", F.normalize(prompts.float(), dim=1), places) / ALIKE
    return _mean(F.softplus(-logits[meant])) + _mean(F.softplus(logits[others]))


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum()


def judgement_losses(
    logits: Tensor, scores: Tensor, iou: Tensor, masks: Tensor
) -> tuple[Tensor, Tensor]:
    """(cross entropy of "there is a mask", squared error of the predicted IoU); N >= 1.

    logits [N, h, w]; scores: object score logits [N]; iou: predicted [N]; masks: bool [N, H, W].
    """
    size = (logits.shape[1], logits.shape[2])
    truth = F.interpolate(masks[:, None].float(), size, mode="nearest")[:, 0] > 0
    present = masks.flatten(1).any(1)
    entropy = F.binary_cross_entropy_with_logits(scores.float(), present.float())
    found = logits.detach() > 0
    both, either = (found & truth).flatten(1).sum(1), (found | truth).flatten(1).sum(1)
    return entropy, F.mse_loss(iou.float(), both / either.clamp(min=1))


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
