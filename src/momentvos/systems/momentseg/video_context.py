"""Visual inputs of the language model: a low-resolution video context, and frames as images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from momentvos.media import Video
from momentvos.mllm import CachedStates, VisualInput, image_input, video_input
from momentvos.sam2.resize import resize

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


@dataclass(frozen=True)
class VideoContext:
    """The low-resolution video: at most ``config.context_frames`` frames, in constant memory.

    Attributes:
        video: where it comes from.
        visual: its patches.
        states: cached states of the language model, so that each further sentence costs only
            itself.
    """

    video: Video
    visual: VisualInput
    states: CachedStates = field(default_factory=CachedStates, compare=False)

    @classmethod
    def of(cls, model: MomentSegModel, video: Video) -> VideoContext:
        """All frames where there are few, else frames at equal distances (one more is few)."""
        length, most = len(video), model.config.context_frames
        if length > most + 1:
            indices = np.linspace(0, length - 1, most, dtype=int).tolist()
        else:
            indices = list(range(length))
        budget = model.config.budget("context")
        size = model.patching.fit(video.size, budget)
        frames = [
            resize(torch.from_numpy(frame.rgb)[None], size, "bicubic", model.config.image_resizer)
            for frame in video.read(indices)
        ]
        rgb = torch.cat(frames).permute(0, 2, 3, 1)
        times = tuple(video.times[index] for index in indices)
        return cls(video, video_input(rgb, model.patching, budget, times))


def image_inputs(model: MomentSegModel, video: Video, frames: Sequence[int]) -> list[VisualInput]:
    """Ascending frames as images; a single image may take more tokens."""
    budget = model.config.budget("picture" if len(video) == 1 else "image")
    resizer = model.config.image_resizer
    return [image_input(one.rgb, model.patching, budget, resizer) for one in video.read(frames)]
