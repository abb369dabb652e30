"""Pretext task "tracks" of an untrained memory: tracking from true masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.propagation import DecoderOptions, Plan, Step, both_ways, merge, run
from momentvos.sam2 import NO_OBJECT_SCORE, Decoded, Prompt, Pyramid, to_pixels
from momentvos.systems.tgl.features import plain_features, shared_features
from momentvos.systems.tgl.objective import TglOutput, index_of

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

MASKED = 4
"""Most frames of a clip whose true masks are given."""


def track_clip(model: TglModel, batch: ClipBatch) -> TglOutput:
    """Track each query from some of its true masks by memory alone, with F_SAM and no sentence.

    The paper's SAM2 is pretrained for this. The order is that of tracking at inference
    (:func:`momentvos.propagation.both_ways`): every frame reads the given masks and the latest
    memories, and is remembered as it was segmented, so that memory learns to recover from its own
    errors. 1 to `MASKED` frames, fewer than T, are drawn among those in which most queries are
    visible; a query starts from those in which it is. Queries that are visible in none of them are
    left out, but for the first where all are.
    """
    queries, frames = batch.moment.shape
    pyramid = plain_features(model, shared_features(model, to_pixels(batch.frames.flatten(0, 1))))
    visible = batch.masks.flatten(2).any(2).cpu()
    masked = _masked_frames(visible)
    given = visible & masked
    if not given.any():
        given[0] = masked
    plan = merge(_plan(row, query) for query, row in enumerate(given) if row.any())

    def features(steps: Sequence[Step]) -> Pyramid:
        query, frame = index_of(steps, batch.video)
        return pyramid.select(batch.video[query] * frames + frame)

    def prompts(steps: Sequence[Step]) -> Prompt:
        return Prompt(mask=batch.masks[index_of(steps, batch.video)][:, None].float())

    def without_absent(steps: Sequence[Step], pyramid: Pyramid, decoded: Decoded) -> Tensor:
        absent = decoded.score <= 0
        return decoded.logits.masked_fill(absent[:, None, None], NO_OBJECT_SCORE)

    side = model.config.image_size // 4
    logits = pyramid.top.new_zeros(queries, frames, side, side)
    scores = pyramid.top.new_zeros(queries, frames)
    segmented = torch.zeros_like(batch.segment)
    options = DecoderOptions(gate=False, batch=1 << 30, scored=model.config.object_score)
    hook = without_absent if model.config.gate else None
    for part in run(model.sam, plan, features, prompts, options, hook):
        if part.steps[0].prompt is None:
            where = index_of(part.steps, batch.video)
            logits = logits.index_put(where, part.decoded.logits.to(logits.dtype))
            scores = scores.index_put(where, part.decoded.score.to(scores.dtype))
            segmented[where] = True
    return TglOutput(logits, scores, None, segmented)


def _masked_frames(visible: Tensor) -> Tensor:
    """Flags [T] of the frames whose masks are given, from flags [L, T] of what is visible."""
    count = int(torch.randint(1, min(MASKED, visible.shape[1] - 1) + 1, ()))
    most = visible.sum(0)
    order = ((most == most.max()) + torch.rand(visible.shape[1])).argsort(descending=True)
    return torch.zeros(visible.shape[1], dtype=torch.bool).index_fill(0, order[:count], True)


def _plan(given: Tensor, query: int) -> Plan:
    """Both ways from one of the given frames, flags [T], drawn at random."""
    anchors = given.nonzero()[:, 0].tolist()
    centre = int(torch.randint(len(anchors), ()))
    return both_ways(range(len(given)), anchors, centre, obj_id=query)
