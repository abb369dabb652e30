"""Training the selector: its two objectives, and what can be precomputed of the second.

"synthetic_tracks" learns from the true tracks of a clip, distorted; "model_tracks" from the
system's own tracks, which cost seconds a video and are therefore worth precomputing.
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
from momentvos.selection.loss_options import SelectorLossOptions
from momentvos.selection.losses import object_targets, selector_losses
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
"""Sentences, about different subjects, for which the system tracks candidates."""
RENAMED = {
    "where": "geometry",
    "does": "meant",
    "named": "noun_matches",
    "sided": "directional",
}
"""Fields of `ModelTracks` in batches that earlier versions precomputed, and their names now."""


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
        if not isinstance(batch, Precomputed):
            batch = precompute(model, batch, collect)
        return _model_losses(model, batch, options)
    assert not isinstance(batch, Precomputed)
    _selector(model, SYNTHETIC)
    similarities = (options.positive_similarity, options.negative_similarity)
    logits, scored = synthetic_logits(model, batch, *similarities)
    meant, visible = object_targets(batch, logits.shape[1])
    return selector_losses(logits, meant, visible & scored[..., None], options)


@torch.no_grad()
def precompute(model: Any, batch: ClipBatch, collect: CollectTracks) -> Precomputed:
    """The model's own tracks in a clip, for some of the sentences about it; the truth.

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
    model: Any, batch: Precomputed, options: SelectorLossOptions
) -> dict[str, Tensor]:
    selector = _selector(model, MODEL)
    tracks = ModelTracks(**{RENAMED.get(name, name): one for name, one in batch.tensors.items()})
    most = max(int(model.config.selection.max_tracks), 1)
    similarities = (options.positive_similarity, options.negative_similarity)
    logits, meant, visible = model_track_logits(selector, tracks, most, *similarities)
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
