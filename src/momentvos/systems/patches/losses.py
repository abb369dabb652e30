"""Losses of scores of patches: which, in which frames, whether any; and of what encodes them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.selection.losses import mean_or_zero
from momentvos.systems.losses import relevance
from momentvos.systems.patches.relevance import PatchScores

COVERED, BARE = 0.3, 0.1
"""Share of a patch from which on it shows an object, and below which it does not."""
OBJECTS, GROUND = 0.4, 0.1
"""Weights of the patches that show other objects, and of those that show none."""
RANK = 0.3
"""Weight of the softmax over all patches of all frames."""
PERIODS = (1.0, 0.5, 0.5)
"""Weights of the motions in progress, before and after."""
ORDER = 0.5
"""Weight of the order of sentences about one window in "presence"."""
WEIGHTS = {"frames": 0.3, "presence": 1.5}
"""Weights of losses of scores other than 1."""
TOP = 3
"""Frames whose mean relevance is that of the sentence."""


def motion_loss(logits: Tensor, owner: Tensor, motions: Tensor) -> Tensor:
    """Balanced cross entropy of the motions of each object's patches.

    logits: [T, P, 3, M] of `named_motions`. owner: int64 [T, P], object of each patch or -1.
    motions: [O, T, M], 0 or 1.
    """
    before = motions.cummax(1).values
    after = motions.flip(1).cummax(1).values.flip(1)
    frame, patch = (owner >= 0).nonzero(as_tuple=True)
    truth = torch.stack([motions, before, after], 2)[owner[frame, patch], frame]
    entropy = F.binary_cross_entropy_with_logits(logits[frame, patch], truth, reduction="none")
    total = logits.sum() * 0.0
    for period, weight in enumerate(PERIODS):
        there = truth[:, period] > 0
        both = [mean_or_zero(entropy[:, period][kind]) for kind in (there, ~there)]
        total = total + weight * (both[0] + both[1]) / 2
    return total


def following(weight: Tensor, owner: Tensor) -> Tensor:
    """-log of the share of what a patch follows that shows the same object, mean over patches.

    weight: [T - 1, P, P] of `EncodedPatches`; owner: int64 [T, P], in the same order of frames.
    """
    same = (owner[1:, :, None] == owner[:-1, None]) & (owner[1:, :, None] >= 0)
    there = (same & (weight > 0)).any(2)
    return -mean_or_zero(((weight * same).sum(2)[there] + 1e-4).log())


def scored_losses(
    scores: PatchScores, target: Tensor, active: Tensor, objects: Tensor, moment: Tensor
) -> dict[str, Tensor]:
    """Losses of L sentences, and "loss", their weighted sum.

    Args:
        scores: of K patches of T frames.
        target, active: [L, T, K], share of each patch that the target covers, and while it is
            meant. objects: [T, K], that any object covers.
        moment: bool [L, T].
    """
    top = scores.relevance.topk(min(TOP, scores.relevance.shape[1]), 1).values.mean(1)
    present = moment.any(1)
    values = {
        "active": _patches(scores.active, active, objects),
        "target": _patches(scores.target, target, objects),
        "frames": _in_frames(scores.active, active) + _in_frames(scores.target, target),
        "relevance": relevance(scores.relevance, moment),
        "best": _balanced(top, present),
        "presence": _balanced(scores.presence, present) + ORDER * _order(scores.presence, present),
    }
    total = torch.stack([WEIGHTS.get(name, 1.0) * one for name, one in values.items()]).sum()
    return {"loss": total, **values}


def _balanced(logits: Tensor, present: Tensor) -> Tensor:
    """Cross entropy of sentences [L], with and without target alike."""
    some = mean_or_zero(F.softplus(-logits[present]))
    none = mean_or_zero(F.softplus(logits[~present]))
    return (some + none) / 2


def _order(logits: Tensor, present: Tensor) -> Tensor:
    """How far sentences that mean something lead over the others about the same window."""
    return mean_or_zero(F.softplus(logits[~present] - logits[present][:, None]))


def _patches(logits: Tensor, share: Tensor, objects: Tensor) -> Tensor:
    """Balanced cross entropy of patches, and how far the right ones lead over all others."""
    right, wrong = share > COVERED, share < BARE
    other, ground = (objects > COVERED) & wrong, (objects < BARE) & wrong
    entropy = (
        0.5 * mean_or_zero(F.softplus(-logits[right]))
        + OBJECTS * mean_or_zero(F.softplus(logits[other]))
        + GROUND * mean_or_zero(F.softplus(logits[ground]))
    )
    lead = _lead(logits.flatten(1), right.flatten(1), wrong.flatten(1))
    return entropy + RANK * lead


def _in_frames(logits: Tensor, share: Tensor) -> Tensor:
    """How far the right patches of a frame lead over the others of that frame."""
    return _lead(*(one.flatten(0, 1) for one in (logits, share > COVERED, share < BARE)))


def _lead(logits: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
    """-log of the share of the right in the softmax of rows [N, K] that have any, mean of rows."""
    some = right.any(1)
    every = logits.masked_fill(~(right | wrong), -torch.inf)[some].logsumexp(1)
    best = logits.masked_fill(~right, -torch.inf)[some].logsumexp(1)
    return mean_or_zero(every - best)
