"""The first lesson of an untrained memory: find again what a mask has shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.propagation import Plan, Read, Rules, Step, run
from momentvos.sam2 import Prompt, Pyramid, to_pixels
from momentvos.systems.tgl.clip import TglOutput, index_of
from momentvos.systems.tgl.features import plain_features, shared_features

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

SHOWN = 6
"""Most frames of a clip whose true masks are remembered."""


def track_clip(model: TglModel, batch: ClipBatch) -> TglOutput:
    """Segment each lane from memories of its true masks alone, with F_SAM and no sentence.

    Not part of TGL, whose SAM2 has learned this; the steps are those of its path through M-
    (Eq. 5). Of each lane a run of 1 to `SHOWN` frames (fewer than T), drawn at random so that it
    starts or ends where there is something to see, is remembered; all other frames read it. Lanes
    that show nothing are left out, but for the first where all do.
    """
    lanes, frames = batch.moment.shape
    pyramid = plain_features(model, shared_features(model, to_pixels(batch.frames.flatten(0, 1))))
    config = model.config
    read = Read(config.memory_frames, "nearest", config.pointers, slots=config.slots)
    visible = batch.masks.flatten(2).any(2).cpu()
    if not visible.any():
        visible[0] = True
    shown: list[Step] = []
    asked: list[Step] = []
    for lane in range(lanes):
        if not visible[lane].any():
            continue
        remembered = _remembered(visible[lane])
        for frame in range(frames):
            if frame in remembered:
                shown.append(Step(frame, "plain", "mask", None, "recent", lane))
            else:
                asked.append(Step(frame, "plain", None, read, None, lane))

    def features(steps: Sequence[Step]) -> Pyramid:
        lane, frame = index_of(steps, batch.video)
        return pyramid.select(batch.video[lane] * frames + frame)

    def prompts(steps: Sequence[Step]) -> Prompt:
        return Prompt(mask=batch.masks[index_of(steps, batch.video)][:, None].float())

    side = config.image_size // 4
    logits = pyramid.top.new_zeros(lanes, frames, side, side)
    scores = pyramid.top.new_zeros(lanes, frames)
    segmented = torch.zeros_like(batch.segment)
    rules = Rules(gate=False, batch=1 << 30, scored=config.object_score)
    for part in run(model.sam, Plan((tuple(shown), tuple(asked))), features, prompts, rules):
        if part.steps[0].prompt is None:
            where = index_of(part.steps, batch.video)
            logits = logits.index_put(where, part.decoded.logits.to(logits.dtype))
            scores = scores.index_put(where, part.decoded.score.to(scores.dtype))
            segmented[where] = True
    return TglOutput(logits, scores, None, segmented)


def _remembered(visible: Tensor) -> range:
    """Which frames are remembered, from flags [T] of those with something to see."""
    frames = len(visible)
    length = int(torch.randint(1, min(SHOWN, frames - 1) + 1, ()))
    places = visible.nonzero()[:, 0]
    first = int(places[torch.randint(len(places), ())])
    if torch.rand(()) < 0.5:
        first -= length - 1
    start = min(max(first, 0), frames - length)
    return range(start, start + length)
