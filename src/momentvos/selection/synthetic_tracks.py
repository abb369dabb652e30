"""Pretext task of the selector: true tracks, distorted as memory would distort them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.selection.geometry import jitter, mask_geometry, merge_touching
from momentvos.selection.track_selector import (
    ALIKE,
    UNLIKE,
    SentenceEncoder,
    Spread,
    Tracks,
    drawn_names,
)

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch

ASIDE, UNKNOWN = 0.3, 0.5
"""Shares of the objects that a sentence does not name: those scored all the same, and those
hidden from the comparison."""


def synthetic_logits(
    model: SentenceEncoder, batch: ClipBatch, alike: Spread = ALIKE, unlike: Spread = UNLIKE
) -> tuple[Tensor, Tensor]:
    """The selector's logits [L, O, T] of the true objects, and which pairs were scored [L, O].

    Frames are not looked at, so small ones do: the similarity of an object to what a sentence names
    is drawn at random (`drawn_names`). In training the geometry is distorted (`merge_touching`,
    `jitter`); objects are scored that the sentence names and some others, and some others are
    hidden, as at inference those are that nobody followed.
    """
    assert model.selector is not None
    where = mask_geometry(batch.object_masks()).float()
    here = (where[..., 3] > 0).any(2)[batch.video]
    named = batch.noun_matches()
    asked, known = named[..., 0] & here, here
    names = drawn_names(named, alike, unlike)
    if model.training:
        where = jitter(merge_touching(where))
        asked = asked | here & (torch.rand_like(names[..., 0]) < ASIDE)
        known = here & (named[..., 0] | (torch.rand_like(names[..., 0]) > UNKNOWN))
    text, mask = model.encode_words(batch.sentences)
    tracks = Tracks(text, mask, batch.video, where, names, known)
    return model.selector(tracks, asked), asked
