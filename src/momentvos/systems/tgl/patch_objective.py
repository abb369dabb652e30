"""Objective "patches": which patches show what a sentence means, and when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.sam2 import covered, to_pixels
from momentvos.selection.losses import mean_or_zero
from momentvos.selection.train import SIDES
from momentvos.systems.losses import relevance
from momentvos.systems.tgl.features import shared_features
from momentvos.systems.tgl.patch_logits import WindowFeatures, read_sentences, window_features
from momentvos.systems.tgl.patches import PatchScores

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

COVERED, BARE = 0.3, 0.1
"""Share of a patch from which on it shows an object, and below which it does not."""
OBJECTS, GROUND = 0.4, 0.1
"""Weights of the patches that show other objects, and of those that show none."""
RANK = 0.3
"""Weight of the softmax over all patches of all frames."""
FOLLOWING, PERIODS = 0.5, (1.0, 0.5, 0.5)
"""Weights of `following`, and of the motions in progress, before and after."""
MIRRORED = [VERBS.index({"left": "right", "right": "left"}.get(verb, verb)) for verb in VERBS]
"""Places of the motions in a mirror."""
SENTENCES, BUSY, RANDOM = 24, 28, 12
"""Sentences of a step; patches of each frame that are scored in it: those that objects cover most,
and random others."""
TOP = 3
"""Frames whose mean logit decides whether the sentence means anything."""


@dataclass(frozen=True)
class PatchBatch:
    """Features of one window of T frames, L sentences about it, and the truth.

    Attributes:
        top, fine, motion: [1, T, ..], `WindowFeatures`.
        text, text_mask, nouns: `read_sentences`.
        directional: bool [L], sentences that mention left or right.
        target: [L, T, h, w], share of each patch that the target covers; active: the same while it
            is meant; objects: [O, T, h, w], the same of each object.
        motions: [O, T, M], as in `ClipBatch`, of type float.
        moment: bool [L, T].
    """

    top: Tensor
    fine: Tensor
    motion: Tensor
    text: Tensor
    text_mask: Tensor
    nouns: Tensor
    directional: Tensor
    target: Tensor
    active: Tensor
    objects: Tensor
    motions: Tensor
    moment: Tensor

    def select(self, rows: Tensor) -> PatchBatch:
        """Some of the sentences, int64 [K]."""
        shared = ("top", "fine", "motion", "objects", "motions")
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        return PatchBatch(**{k: v if k in shared else v[rows] for k, v in parts.items()})

    def mirrored(self) -> PatchBatch:
        """The window flipped left to right, with the sentences that are still true of it."""
        kept = self.select((~self.directional).nonzero()[:, 0])
        flipped = ("top", "fine", "motion", "target", "active", "objects")
        parts = {one.name: getattr(kept, one.name) for one in fields(kept)}
        parts["motions"] = parts["motions"][..., MIRRORED]
        return PatchBatch(**{k: v.flip(-1) if k in flipped else v for k, v in parts.items()})


@torch.no_grad()
def precompute_patches(model: TglModel, batch: ClipBatch) -> Precomputed:
    """A `PatchBatch` of a clip of one video. Its masks must not depend on the moment (no OSS).

    Raises RecipeError for data that do not say which motions objects are in.
    """
    if batch.motions is None:
        raise RecipeError('The objective "patches" is for sentences of MomentWorld\'s own scenes.')
    if model.config.patch_motions != batch.motions.shape[-1]:
        raise RecipeError(
            f'The objective "patches" is for a TGL with `patch_motions: {batch.motions.shape[-1]}`.'
        )
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    features, read = window_features(model, shared, 1), read_sentences(model, batch.sentences)
    like = features.top[0, :, 0]
    made = PatchBatch(
        *features,
        *read,
        torch.tensor([SIDES.search(one) is not None for one in batch.sentences]).to(like.device),
        covered(batch.masks, like),
        covered(batch.active, like),
        covered(batch.object_masks(), like)[0],
        batch.motions[0].to(like),
        batch.moment,
    )
    return Precomputed({one.name: getattr(made, one.name) for one in fields(made)})


def patch_losses(model: TglModel, batch: Precomputed) -> dict[str, Tensor]:
    """Losses of `scored_losses`, "motions" and "following", and "loss", their weighted sum.

    Of `SENTENCES` random ones; half the time the window is mirrored.
    """
    assert model.patches is not None
    clip = PatchBatch(**batch.tensors)
    if torch.rand(()) < 0.5 and not clip.directional.all():
        clip = clip.mirrored()
    clip = clip.select(torch.randperm(len(clip.text))[:SENTENCES].to(clip.text.device))
    video = torch.zeros(len(clip.text), dtype=torch.long, device=clip.text.device)
    features = WindowFeatures(clip.top, clip.fine, clip.motion)
    each = clip.objects.flatten(2)
    objects = each.sum(0)
    chosen = _chosen(objects)
    encoded = model.patches.encode(*features)
    scores = model.patches(
        encoded,
        video,
        clip.text,
        clip.text_mask,
        features.similarity(clip.nouns, video),
        chosen[None],
    )
    some = chosen.expand(len(video), -1, -1)
    target, active = (one.flatten(2).gather(2, some) for one in (clip.target, clip.active))
    values = scored_losses(scores, target, active, objects.gather(1, chosen), clip.moment)
    share, owner = each.max(0)
    owner = torch.where(share > COVERED, owner, -1)
    named = motion_loss(model.patches.named_motions(encoded)[0], owner, clip.motions)
    followed = (
        following(encoded.before[0], owner) + following(encoded.after[0], owner.flip(0))
    ) / 2
    total = values["loss"] + named + FOLLOWING * followed
    return values | {"loss": total, "motions": named, "following": followed}


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
    """See `patch_losses`; target, active [L, T, K], objects [T, K], moment bool [L, T]."""
    top = scores.relevance.topk(min(TOP, scores.relevance.shape[1]), 1).values.mean(1)
    present = moment.any(1)
    values = {
        "active": _patches(scores.active, active, objects),
        "target": _patches(scores.target, target, objects),
        "relevance": relevance(scores.relevance, moment),
        "presence": (
            mean_or_zero(F.softplus(-top[present])) + mean_or_zero(F.softplus(top[~present]))
        )
        / 2,
    }
    return {"loss": torch.stack(list(values.values())).sum(), **values}


def _patches(logits: Tensor, share: Tensor, objects: Tensor) -> Tensor:
    """Balanced cross entropy of patches, and how far the right ones lead over all others."""
    right, wrong = share > COVERED, share < BARE
    other, ground = (objects > COVERED) & wrong, (objects < BARE) & wrong
    entropy = (
        0.5 * mean_or_zero(F.softplus(-logits[right]))
        + OBJECTS * mean_or_zero(F.softplus(logits[other]))
        + GROUND * mean_or_zero(F.softplus(logits[ground]))
    )
    some = right.flatten(1).any(1)
    every = logits.masked_fill(~(right | wrong), -torch.inf).flatten(1)[some].logsumexp(1)
    best = logits.masked_fill(~right, -torch.inf).flatten(1)[some].logsumexp(1)
    return entropy + RANK * mean_or_zero(every - best)


def _chosen(objects: Tensor) -> Tensor:
    """Patches that are scored, int64 [T, K], from the share [T, P] that objects cover."""
    patches = objects.shape[1]
    busy = min(BUSY, patches)
    first = (objects + 0.05 * torch.rand_like(objects)).topk(busy, 1).indices
    rest = torch.rand_like(objects).scatter(1, first, -1.0)
    return torch.cat([first, rest.topk(min(RANDOM, patches - busy), 1).indices], 1)
