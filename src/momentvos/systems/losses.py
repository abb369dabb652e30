"""Losses of masks, object scores and relevance, for systems that learn from clips.

L queries (expressions) of T frames each; logits are compared at a chosen resolution.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.selection.losses import mean_or_zero


def at_size(
    logits: Tensor, masks: Tensor, chosen: Tensor, size: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Chosen frames at the resolution of the loss: [N, s, s], [N, s, s] in 0..1, query [N].

    logits [L, T, h, w] grow bilinearly; masks [L, T, H, W] shrink by averaging, so that a small
    object keeps its weight. chosen: bool [L, T].
    """
    shape = (size, size) if size else masks.shape[-2:]
    query = chosen.nonzero()[:, 0]
    picked, truth = logits[chosen].float(), masks[chosen].to(logits.device, torch.float32)
    if picked.shape[-2:] != shape:
        picked = F.interpolate(picked[:, None], shape, mode="bilinear", align_corners=False)[:, 0]
    if truth.shape[-2:] != shape:
        truth = F.interpolate(truth[:, None], shape, mode="area")[:, 0]
    return picked, truth, query


def dice(logits: Tensor, masks: Tensor, query: Tensor) -> Tensor:
    """Clip-volume dice: mean over queries of 1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1).

    logits, masks: [N, s, s]; query [N]. p = sigmoid(logits); the sums run over every pixel of
    every frame of a query (SAMWISE models/segmentation.py). No frames: 0.
    """
    probability = logits.sigmoid().flatten(1)
    truth = masks.flatten(1)
    both = _per_query((probability * truth).sum(1), query)
    either = _per_query(probability.sum(1) + truth.sum(1), query)
    return mean_or_zero(1 - (2 * both + 1) / (either + 1))


def focal(
    logits: Tensor, masks: Tensor, query: Tensor, alpha: float = 0.25, gamma: float = 2.0
) -> Tensor:
    """Sigmoid focal loss: mean over queries of a query's pixels' mean a (1 - q)^gamma CE.

    CE is the binary cross entropy with the truth y, q = p y + (1 - p)(1 - y) and
    a = alpha y + (1 - alpha)(1 - y) (Lin et al., 2017). logits, masks: [N, s, s]; query [N].
    """
    probability = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none")
    hit = probability * masks + (1 - probability) * (1 - masks)
    weight = alpha * masks + (1 - alpha) * (1 - masks)
    frame = (weight * (1 - hit) ** gamma * entropy).flatten(1).mean(1)
    return mean_or_zero(_per_query(frame, query) / _per_query(torch.ones_like(frame), query))


def object_score(scores: Tensor, present: Tensor, chosen: Tensor) -> Tensor:
    """Binary cross entropy of SAM2's object score with "the mask is not empty", mean over frames.

    scores [L, T] logits; present, chosen: bool [L, T]; only chosen frames count.
    """
    return mean_or_zero(
        F.binary_cross_entropy_with_logits(
            scores[chosen].float(), present[chosen].float(), reduction="none"
        )
    )


def score_loss(scores: Tensor, masks: Tensor) -> Tensor:
    """Mean cross entropy of object score logits [N] and whether masks bool [N, H, W] have any."""
    present: Tensor = masks.flatten(1).any(1)
    return F.binary_cross_entropy_with_logits(scores.float(), present.to(torch.float32))


def relevance(logits: Tensor, moment: Tensor, rank: float = 0.5, balanced: bool = True) -> Tensor:
    """How well the grounder tells M+ from M-: BCE(s_t, 1[t in M+]) + rank * softmax term.

    logits [L, T], moment bool [L, T]. `balanced`: half the mean over all M+ frames of the batch
    plus half the mean over all M- frames; a batch with one kind only: its mean. Softmax term:
    mean over queries with M+ frames of -log sum_{t in M+} softmax(s)_t. The paper names no loss
    for its Temporal Alignment Module; this one makes both a threshold and the top frame useful.
    """
    logits, truth = logits.float(), moment.float()
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    if balanced and moment.any() and not moment.all():
        threshold = (entropy[moment].mean() + entropy[~moment].mean()) / 2
    else:
        threshold = mean_or_zero(entropy)
    inside = logits.masked_fill(~moment, float("-inf"))[moment.any(1)]
    top = mean_or_zero(logits[moment.any(1)].logsumexp(1) - inside.logsumexp(1))
    return threshold + rank * top


def _per_query(values: Tensor, query: Tensor) -> Tensor:
    """Sum of `values` [N] for each query that has any."""
    place = torch.unique(query, return_inverse=True)[1]
    queries = int(place.max()) + 1 if len(place) else 0
    return values.new_zeros(queries).index_add(0, place, values)
