"""TGL's losses: Eq. 7, and what training from scratch adds to it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.systems.losses import at_size, dice, focal, object_score, relevance
from momentvos.systems.options import LossOptions
from momentvos.systems.tgl import cme
from momentvos.systems.tgl.pretrain.alignment import patch_alignment


class Output(Protocol):
    """Outputs of a model for a `ClipBatch`; logits and scores count where `segmented`.

    It may also have `cme`, class logits [M, 2] and labels [M] of the conditional memory encoder,
    and `similarity`, logits [L, T, h, w] of the words beside the image patches.
    """

    @property
    def logits(self) -> Tensor: ...  # [L, T, h, w]
    @property
    def scores(self) -> Tensor: ...  # [L, T]
    @property
    def relevance(self) -> Tensor | None: ...  # [L, T]
    @property
    def segmented(self) -> Tensor: ...  # bool [L, T]


def total(output: Output, batch: ClipBatch, options: LossOptions) -> dict[str, Tensor]:
    """Every loss with a weight, unweighted, and "loss", their weighted sum (TGL Eq. 7)."""
    chosen = batch.segment & output.segmented
    losses: dict[str, Tensor] = {}
    if options.dice or options.focal:
        logits, masks, query = at_size(output.logits, batch.masks, chosen, options.size)
        losses["dice"] = dice(logits, masks, query)
        losses["focal"] = focal(logits, masks, query)
    if options.object_score:
        present = batch.masks.flatten(2).any(2)
        losses["object_score"] = object_score(output.scores, present, chosen)
    classified = getattr(output, "cme", None)
    if options.cme and classified is not None:
        losses["cme"] = cme.loss(*classified)
    if options.relevance and output.relevance is not None:
        losses["relevance"] = relevance(
            output.relevance, batch.moment, options.rank, options.balanced
        )
    similarity = getattr(output, "similarity", None)
    if options.alignment and similarity is not None:
        aligned = patch_alignment(similarity, batch)
        losses["alignment"] = aligned["loss"]
    # Sums to zero: ties every output into the graph, so that a step without segmented frames
    # still has gradients for every trained parameter.
    tie = sum((part.float() * 0).sum() for part in _floats(output))
    weighted = sum((getattr(options, name) * value for name, value in losses.items()), tie)
    assert isinstance(weighted, Tensor)
    if "alignment" in losses:
        losses["accuracy"] = aligned["accuracy"]
    return {"loss": weighted, **losses}


def _floats(output: Output) -> list[Tensor]:
    parts = (output.logits, output.scores, output.relevance)
    return [part for part in parts if part is not None and part.requires_grad]
