"""The selector's losses: relevance of tracks in time, and presence of any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.selection.loss_options import SelectorLossOptions

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch

TOP_LOGITS = 4
"""Track-frame pairs whose mean logit decides whether anything is meant, see `presence`."""
INVISIBLE = -20.0
"""Logit of a track in a frame in which it is not visible."""


def object_targets(batch: ClipBatch, count: int) -> tuple[Tensor, Tensor]:
    """Objects that are meant, frame by frame, and those that are visible: bool [L, O, T].

    count: O, of the objects from number 1 on. An object is meant where most of its pixels are
    `active`.
    """
    area = _areas(batch.objects, count)
    active = batch.objects[batch.video] * batch.active
    return 2 * _areas(active, count) > area[batch.video], (area > 0)[batch.video]


def _areas(numbers: Tensor, count: int) -> Tensor:
    """Pixels of each number from 1 on: uint8 [N, T, H, W] -> int32 [N, count, T]."""
    flat = numbers.flatten(2)
    each = [flat == number for number in range(1, count + 1)]  # bytes are added up fastest
    return torch.stack([one.view(torch.uint8).sum(2, dtype=torch.int32) for one in each], 1)


def selector_losses(
    logits: Tensor, meant: Tensor, visible: Tensor, options: SelectorLossOptions
) -> dict[str, Tensor]:
    """The losses "tracks" and "presence", and "loss", their weighted sum.

    All as in `track_relevance`.
    """
    tracks = track_relevance(logits, meant, visible, options.rank)
    any_track = presence(logits, meant, visible)
    return {
        "loss": tracks + options.presence * any_track,
        "tracks": tracks,
        "presence": any_track,
    }


def presence(logits: Tensor, meant: Tensor, visible: Tensor) -> Tensor:
    """Binary cross entropy of "any track is meant", by the mean of the `TOP_LOGITS` logits.

    All as in `track_relevance`. Half the mean over queries that mean something plus half the mean
    over the others.
    """
    positive = (meant & visible).flatten(1).any(1)
    every = logits.float().masked_fill(~visible, INVISIBLE).flatten(1)
    top = every.topk(min(TOP_LOGITS, every.shape[1]), 1).values.mean(1)
    entropy = F.softplus(torch.where(positive, -top, top))
    return (mean_or_zero(entropy[positive]) + mean_or_zero(entropy[~positive])) / 2


def track_relevance(logits: Tensor, meant: Tensor, visible: Tensor, rank: float = 0.5) -> Tensor:
    """Balanced cross entropy of every track in every frame, plus rank * a softmax term.

    logits [L, O, T]; meant, visible: bool [L, O, T] of `object_targets`; pairs that are not visible
    do not count. The softmax of a query goes over all frames of all tracks: which one is meant, and
    when.
    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, meant.float(), reduction="none")
    both = mean_or_zero(entropy[meant & visible]) + mean_or_zero(entropy[~meant & visible])
    positive = (meant & visible).flatten(1).any(1)
    all_ = logits.masked_fill(~visible, float("-inf")).flatten(1)[positive]
    right = logits.masked_fill(~(meant & visible), float("-inf")).flatten(1)[positive]
    ranked = mean_or_zero(all_.logsumexp(1) - right.logsumexp(1))
    return both / 2 + rank * ranked + 0.0 * logits.sum()


def mean_or_zero(values: Tensor) -> Tensor:
    """The mean; of no values 0, with a gradient."""
    return values.mean() if values.numel() else values.sum()
