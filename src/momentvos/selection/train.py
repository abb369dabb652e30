"""Training the selector: its two objectives, and what can be precomputed of the second.

"synthetic_tracks" learns from the true tracks of a clip, distorted; "model_tracks" from those that
the system itself follows, which costs seconds a video and is therefore worth precomputing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.media.arrays import ArrayVideo
from momentvos.selection.geometry import mask_geometry
from momentvos.selection.losses import SelectorLossOptions, object_targets, selector_losses
from momentvos.selection.model_tracks import ModelTracks, model_track_logits
from momentvos.selection.synthetic_tracks import synthetic_logits
from momentvos.text import nouns

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.media import Video

CollectTracks = Callable[[Any, "Video", Sequence[str]], Tensor]
"""A model, a video of T frames and sentences to the geometry of its tracks, [P, T, GEOMETRY]."""
SYNTHETIC, MODEL = "synthetic_tracks", "model_tracks"
OBJECTIVES = (SYNTHETIC, MODEL)
SIDES = re.compile("left|right", re.IGNORECASE)
"""Words of sentences that are not true in a mirror."""
PROMPTED = 2
"""Sentences, about different things, for which the system follows tracks."""


def losses(
    model: Any,
    batch: ClipBatch | Precomputed,
    objective: str,
    options: SelectorLossOptions,
    collect: CollectTracks,
) -> dict[str, Tensor]:
    """Losses of the selector alone, "loss" the one to minimise.

    Raises RecipeError for a model without a selector.
    """
    if objective == MODEL:
        known = batch if isinstance(batch, Precomputed) else precompute(model, batch, collect)
        return _model_losses(model, known, options)
    assert not isinstance(batch, Precomputed)
    _selector(model, SYNTHETIC)
    logits, asked = synthetic_logits(model, batch, options.alike, options.unlike)
    meant, visible = object_targets(batch, logits.shape[1])
    return selector_losses(logits, meant, visible & asked[..., None], options)


@torch.no_grad()
def precompute(model: Any, batch: ClipBatch, collect: CollectTracks) -> Precomputed:
    """Tracks that the model follows in a clip, for some of the sentences about it; the truth.

    Raises RecipeError for a model without a selector.
    """
    _selector(model, MODEL)
    objects = batch.object_masks()
    meant, visible = object_targets(batch, objects.shape[1])
    text, mask = model.encode_words(batch.sentences)
    frames = batch.frames[0].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    video = ArrayVideo(frames, model.config.selection.rate)
    tracks = ModelTracks(
        collect(model, video, _prompted(batch.sentences)),
        mask_geometry(objects)[0].float(),
        meant & visible,
        batch.noun_matches(),
        text.float(),
        mask,
        torch.tensor([SIDES.search(one) is not None for one in batch.sentences]).to(mask.device),
    )
    return Precomputed({field.name: getattr(tracks, field.name) for field in fields(ModelTracks)})


def _model_losses(
    model: Any, known: Precomputed, options: SelectorLossOptions
) -> dict[str, Tensor]:
    selector, tracks = _selector(model, MODEL), ModelTracks(**known.tensors)
    most = max(int(model.config.selection.max_tracks), 1)
    drawn = (options.alike, options.unlike)
    logits, meant, visible = model_track_logits(selector, tracks, most, *drawn)
    return selector_losses(logits, meant, visible, options)


def _selector(model: Any, objective: str) -> Any:
    selector = getattr(model, "selector", None)
    if selector is None:
        raise RecipeError(f'The objective "{objective}" is for a model with a trained selector.')
    return selector


def _prompted(sentences: tuple[str, ...]) -> list[str]:
    """The first sentence about each of the first `PROMPTED` subjects."""
    first = {nouns(sentence).subject: sentence for sentence in reversed(sentences)}
    return [one for one in sentences if first[nouns(one).subject] == one][:PROMPTED]
