"""Objective "patches": which patches show what a sentence means, and when."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.sam2 import covered, encode, to_pixels
from momentvos.selection.train import SIDES
from momentvos.systems.patches.logits import WindowFeatures, read_sentences, window_features
from momentvos.systems.patches.losses import COVERED, following, motion_loss, scored_losses
from momentvos.systems.patches.model import PatchModel

FOLLOWING = 0.5
"""Weight of `following`."""
MIRRORED = [VERBS.index({"left": "right", "right": "left"}.get(verb, verb)) for verb in VERBS]
"""Places of the motions in a mirror."""
SENTENCES, ABSENT, BUSY, RANDOM = 32, 13, 28, 12
"""Sentences of a step, and how many of them mean nothing, where there are as many; patches of each
frame that are scored in it: those that objects cover most, and random others."""


@dataclass(frozen=True)
class PatchBatch:
    """Features of one window of T frames, L sentences about it, and the truth.

    Attributes:
        top, fine, motion: [1, T, ..], `WindowFeatures`.
        text, words, text_mask, nouns: `read_sentences`.
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
    words: Tensor
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
def precompute_patches(model: PatchModel, batch: ClipBatch) -> Precomputed:
    """A `PatchBatch` of a clip of one video. Its masks must not depend on the moment (no OSS).

    Raises RecipeError for data that do not say which motions objects are in.
    """
    if model.patches is None:
        raise RecipeError('The objective "patches" is for a model with `patch_dim`.')
    if batch.motions is None:
        raise RecipeError('The objective "patches" is for sentences of MomentWorld\'s own scenes.')
    if model.config.patch_motions != (count := batch.motions.shape[-1]):
        raise RecipeError(f'The objective "patches" is for a model with `patch_motions: {count}`.')
    pixels = to_pixels(batch.frames.flatten(0, 1)).to(model.dtype)
    features = window_features(model, pixels, encode(model.sam, pixels))
    read = read_sentences(model, batch.sentences)
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


def patch_losses(model: PatchModel, batch: Precomputed) -> dict[str, Tensor]:
    """Losses of `scored_losses`, "motions" and "following", and "loss", their weighted sum.

    Of `SENTENCES` random ones, so that twins of what is meant that never do what a sentence says
    are in every step; half the time the window is mirrored.
    """
    assert model.patches is not None
    clip = PatchBatch(**batch.tensors)
    if torch.rand(()) < 0.5 and not clip.directional.all():
        clip = clip.mirrored()
    clip = clip.select(drawn(clip.moment.any(1)))
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
        clip.words,
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


def drawn(present: Tensor) -> Tensor:
    """Rows of the sentences of a step, int64; present: bool [L]."""
    order = torch.randperm(len(present)).to(present.device)
    some, none = order[present[order]], order[~present[order]]
    some = some[: max(SENTENCES - min(len(none), ABSENT), 0)]
    return torch.cat([some, none[: SENTENCES - len(some)]])


def _chosen(objects: Tensor) -> Tensor:
    """Patches that are scored, int64 [T, K], from the share [T, P] that objects cover."""
    patches = objects.shape[1]
    busy = min(BUSY, patches)
    first = (objects + 0.05 * torch.rand_like(objects)).topk(busy, 1).indices
    rest = torch.rand_like(objects).scatter(1, first, -1.0)
    return torch.cat([first, rest.topk(min(RANDOM, patches - busy), 1).indices], 1)
