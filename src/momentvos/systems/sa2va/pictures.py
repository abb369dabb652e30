"""Frames as the language model's images, prepared as Sa2VA's program prepares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from momentvos.media import Video
from momentvos.mllm import Budget, Patching, VisualInput, image_input
from momentvos.sam2.resize import resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from momentvos.systems.sa2va.model import Sa2VaModel

LOADER, LOADED = Patching(), Budget(4, 16384)
"""The program's loader of pictures (qwen-vl-utils) first resizes each to whole tokens of Qwen2.5-VL
within these bounds, whatever the model; its image processor resizes the result again."""


def picture_inputs(model: Sa2VaModel, video: Video, frames: Sequence[int]) -> list[VisualInput]:
    """Ascending frames as images; a single image may take more tokens."""
    budget = model.config.budget("picture" if len(video) == 1 else "image")
    resizer = model.config.image_resizer

    def prepared(rgb: NDArray[Any]) -> VisualInput:
        size = rgb.shape[:2]
        loaded = resize(torch.from_numpy(rgb)[None], LOADER.fit(size, LOADED), "bicubic", resizer)
        made = image_input(loaded[0].permute(1, 2, 0), model.patching, budget, "torchvision")
        most = budget.high * model.patching.side**2
        return replace(made, size=size, shrunk=size[0] * size[1] > most)

    return [prepared(one.rgb) for one in video.read(frames)]
