"""Which motions a sentence names, and where a window shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import sine
from momentvos.data.batch import ClipBatch
from momentvos.errors import RecipeError

if TYPE_CHECKING:
    from momentvos.systems.patches.model import PatchModel

SLOTS = 2
"""Most motions that a sentence names, in their order: "jumps and then turns"."""
AROUND = 5
"""Words that a convolution sees at once."""
LIMIT = 6.0
"""Largest log-odds of a motion that count."""


class MotionNames(nn.Module):
    """The motions that a sentence names, in order, each one of M or none.

    It reads words as they are, before any encoder: which noun does something is no part of what it
    does, and states of whole sentences mix both.
    """

    def __init__(self, word_dim: int, motions: int, dim: int = 96) -> None:
        super().__init__()
        self.words = nn.Sequential(nn.LayerNorm(word_dim), nn.Linear(word_dim, dim))
        self.around = nn.ModuleList(
            nn.Conv1d(dim, dim, AROUND, padding=AROUND // 2) for _ in range(2)
        )
        self.place = nn.Linear(dim, SLOTS)
        self.name = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, motions + 1)
        )

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Logits [L, SLOTS, M + 1], "none" last; embeddings [L, N, D], mask bool [L, N]."""
        there = mask[..., None]
        h = self.words(words) * there
        for layer in self.around:
            h = h + F.gelu(layer(h.transpose(1, 2))).transpose(1, 2) * there
        placed = h + sine(h.shape[1], h.shape[2], h)
        place = self.place(placed).masked_fill(~there, -torch.inf).softmax(1)
        names: Tensor = self.name(place.transpose(1, 2) @ h)
        return names


def shown(names: Tensor, motions: Tensor) -> Tensor:
    """Log-odds that patches show the named motions: [L, T, P, 3 * SLOTS].

    names: of `MotionNames`. motions: [L, T, P, 3, M], log-odds of all, of three periods. A motion
    that is not named counts as one that may be there or not.
    """
    share = names.softmax(-1)[..., :-1].transpose(1, 2)
    flat = motions.clamp(-LIMIT, LIMIT).flatten(1, 3)
    return (flat @ share).view(*motions.shape[:4], -1).flatten(3)


def motion_name_losses(model: PatchModel, batch: ClipBatch) -> dict[str, Tensor]:
    """The objective "motion_names": cross entropy of the slots, and how many are right.

    Raises RecipeError for a model without the part, and for data that do not say what is named.
    """
    if model.patches is None or model.patches.names is None:
        raise RecipeError('The objective "motion_names" is for a model with `patch_motions`.')
    if len(batch.named_motions) < len(batch.sentences):
        raise RecipeError(
            'The objective "motion_names" is for sentences of MomentWorld\'s own scenes.'
        )
    words, mask = model.embed_words(batch.sentences)
    logits = model.patches.names(words, mask)
    truth = torch.full(logits.shape[:2], logits.shape[2] - 1)
    for row, motions in zip(truth, batch.named_motions, strict=True):
        row[: len(motions)] = torch.tensor(motions[:SLOTS], dtype=torch.long)
    truth = truth.to(logits.device)
    right = (logits.argmax(-1) == truth).float().mean()
    return {"loss": F.cross_entropy(logits.flatten(0, 1), truth.flatten()), "accuracy": right}
