"""Candidates: regions of single frames that the sentence may mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
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

    @property
    def presence(self) -> float:
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
    presence: float = 0.0
    logits: dict[int, Tensor] = field(default_factory=dict)

    def __call__(self, frames: Sequence[int]) -> list[Component]:
        """See `CandidateSource`."""
        plan = Plan((tuple(self.step(frame) for frame in frames),))
        self.logits = {}
        for part in run(self.sam, plan, self.features, self.prompts, self.options):
            rows = zip(part.steps, part.decoded.logits, strict=True)
            self.logits |= {step.frame: row for step, row in rows}
            self.presence = max(self.presence, float(part.decoded.score.sigmoid().max()))
        return mask_components(self.cache, self.logits, self.radius)


def mask_components(
    cache: FeatureCache, logits: Mapping[int, Tensor], radius: int
) -> list[Component]:
    """Connected components of masks along their frames' edges; logits [h, w] by ascending frame."""
    made: list[Component] = []
    for frame, row in logits.items():
        mask = cache.inside(cache.fine(row[None], [frame], radius)[0] > 0)
        made += components(frame, mask, probability(row, mask.shape))
    return made


def probability(logits: Tensor, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Mask probabilities in another size; logits [h, w]."""
    return resized(logits, shape).sigmoid().cpu().numpy()


def resized(logits: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Mask logits [h, w] in another size."""
    return F.interpolate(logits[None, None].float(), shape, mode="bilinear")[0, 0]


def mask_prompts(components: Mapping[int, Component], like: Tensor) -> Callable[..., Prompt]:
    """Mask prompts from components; see `propagation.run`.

    components: by frame. like: a tensor on SAM2's device, of its type.
    """

    def prompts(steps: Sequence[Step]) -> Prompt:
        masks = np.stack([components[step.frame].pixels() for step in steps])[:, None]
        return Prompt(mask=torch.from_numpy(masks).to(like))

    return prompts
