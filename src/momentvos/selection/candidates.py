"""Candidates: regions of single frames that the sentence may mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection.components import Component, components


class CandidateSource(Protocol):
    """Proposes what may be meant in some frames of one video."""

    presence: float
    """Largest probability so far that anything is there at all, 0..1."""

    def __call__(self, frames: Sequence[int]) -> list[Component]:
        """Regions of ascending frames, in order of frames, over SAM2's square or its mask grid."""


@dataclass
class PromptedMasks:
    """Connected components of the masks that a system's own prompts give in single frames.

    Every frame is decoded alone, without memory, so that each votes for itself.

    Attributes:
        sam: SAM2.
        cache: its features of the video's frames.
        options: how the decoder is read.
        step: the step that decodes a frame alone.
        features, prompts: of such steps, as `propagation.run` needs them.
        radius: of the guided filter, 0: none.
        after_batch: called after each batch of frames.
        presence: largest object probability in any of the frames, 0..1.
        logits: mask logits [h, w] of the frames requested last, by frame.
    """

    sam: Sam2VideoModel
    cache: FeatureCache
    options: DecoderOptions
    step: Callable[[int], Step]
    features: Callable[[Sequence[Step]], Pyramid]
    prompts: Callable[[Sequence[Step]], Prompt]
    radius: int = 0
    after_batch: Callable[[], None] | None = None
    presence: float = 0.0
    logits: dict[int, Tensor] = field(default_factory=dict)

    def __call__(self, frames: Sequence[int]) -> list[Component]:
        """See `CandidateSource`."""
        return _prompted([self], [frames])[0]


def proposals(
    sources: Sequence[CandidateSource], frames: Sequence[Sequence[int]]
) -> list[list[Component]]:
    """Regions of several sources, each in frames of its own.

    Prompts of one system go through the frames in step.
    """
    made: list[list[Component]] = [[] for _ in sources]
    systems: dict[Any, list[int]] = {}
    for row, source in enumerate(sources):
        if isinstance(source, PromptedMasks):
            systems.setdefault(source.features, []).append(row)
        else:
            made[row] = source(frames[row])
    for rows in systems.values():
        prompted = [source for row in rows if isinstance(source := sources[row], PromptedMasks)]
        regions = _prompted(prompted, [frames[row] for row in rows])
        for row, found in zip(rows, regions, strict=True):
            made[row] = found
    return made


def _prompted(
    sources: Sequence[PromptedMasks], frames: Sequence[Sequence[int]]
) -> list[list[Component]]:
    """Regions by several sources of one system, whose steps differ in their objects."""
    first, made = sources[0], [list[Component]() for _ in sources]
    row_of: dict[int, int] = {}
    steps: list[Step] = []
    for row, (source, chosen) in enumerate(zip(sources, frames, strict=True)):
        source.logits = {}
        own = [source.step(frame) for frame in chosen]
        row_of |= {step.obj_id: row for step in own}
        steps += own
    plan = Plan((tuple(sorted(steps, key=lambda step: step.frame)),))
    for part in run(first.sam, plan, first.features, first.prompts, first.options):
        logits, numbers = part.decoded.logits, [step.frame for step in part.steps]
        regions = _regions(first.cache, logits, numbers, first.radius)
        present = part.decoded.score.sigmoid().tolist()
        for place, step in enumerate(part.steps):
            row = row_of[step.obj_id]
            source = sources[row]
            source.logits[step.frame] = logits[place]
            source.presence = max(source.presence, present[place])
            made[row] += regions[place]
        if first.after_batch is not None:
            first.after_batch()
    return made


def mask_components(
    cache: FeatureCache, logits: Mapping[int, Tensor], radius: int
) -> list[Component]:
    """Connected components of masks along their frames' edges; logits [h, w] by ascending frame."""
    parts = [_regions(cache, row[None], [frame], radius)[0] for frame, row in logits.items()]
    return list(chain(*parts))


def _regions(
    cache: FeatureCache, logits: Tensor, frames: Sequence[int], radius: int
) -> list[list[Component]]:
    """Of masks [N, h, w], each in a frame of its own."""
    masks = cache.inside(cache.fine(logits, frames, radius) > 0)
    sure = probability(logits, masks.shape[1:])
    return [components(*row) for row in zip(frames, masks, sure, strict=True)]


def probability(logits: Tensor, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Mask probabilities in another size; logits [.., h, w]."""
    rows = logits.reshape(-1, 1, *logits.shape[-2:]).float()
    sized = F.interpolate(rows, shape, mode="bilinear").sigmoid()
    return sized.reshape(*logits.shape[:-2], *shape).cpu().numpy()
