"""Pretext task of the selector: true tracks, distorted as memory would distort them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.selection.geometry import jitter, mask_geometry, merge_touching
from momentvos.selection.loss_options import NEGATIVE_SIMILARITY, POSITIVE_SIMILARITY, Normal
from momentvos.selection.track_selector import SentenceEncoder, Tracks, sample_similarity

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch

NEGATIVES, HIDDEN = 0.3, 0.5
"""Shares of the objects that do not fit a sentence's noun: those scored all the same, and those
hidden from the comparison."""


def synthetic_logits(
    model: SentenceEncoder,
    batch: ClipBatch,
    positive: Normal = POSITIVE_SIMILARITY,
    negative: Normal = NEGATIVE_SIMILARITY,
) -> tuple[Tensor, Tensor]:
    """The selector's logits [L, O, T] of the true objects, and which pairs were scored [L, O].

    Frames are not read, so small ones do: the similarity of an object to a sentence's nouns is
    random (`sample_similarity`). In training the geometry is distorted (`merge_touching`,
    `jitter`); objects that fit the sentence's noun and some others are scored, and some others are
    hidden, as at inference those are that no track follows.
    """
    assert model.selector is not None
    geometry = mask_geometry(batch.object_masks()).float()
    visible = (geometry[..., 3] > 0).any(2)[batch.video]
    matches = batch.noun_matches()
    scored, comparable = matches[..., 0] & visible, visible
    similarity = sample_similarity(matches, positive, negative)
    if model.training:
        geometry = jitter(merge_touching(geometry))
        scored = scored | visible & (torch.rand_like(similarity[..., 0]) < NEGATIVES)
        kept = torch.rand_like(similarity[..., 0]) > HIDDEN
        comparable = visible & (matches[..., 0] | kept)
    text, mask = model.encode_words(batch.sentences)
    tracks = Tracks(text, mask, batch.video, geometry, similarity, comparable)
    return model.selector(tracks, scored), scored
