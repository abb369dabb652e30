"""What the judge learns: sentences about outlines."""

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
"""See `outlines`: shares of the things that a sentence does not name."""


def outlines(
    model: SentenceEncoder, batch: ClipBatch, alike: Spread = ALIKE, unlike: Spread = UNLIKE
) -> tuple[Tensor, Tensor]:
    """What outlines tell of the sentences: logits [L, O, T], and what was asked about [L, O].

    Pictures are not looked at, so small ones do: how alike a thing is to what a sentence names is
    drawn (`drawn_names`). In training outlines are `merge_touching` and `jitter`, things are asked about
    that the sentence names and some others, and some others are unknown, as at inference those are
    that nobody followed.
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
