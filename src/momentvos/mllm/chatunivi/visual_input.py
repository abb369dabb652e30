"""Visual inputs of Chat-UniVi: each frame as one square from its middle."""

from __future__ import annotations

from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.errors import VideoError
from momentvos.mllm.chatunivi.config import ChatUniViConfig
from momentvos.mllm.visual_input import CLIP_MEAN, CLIP_STD, MAX_ASPECT, VisualInput, normalised
from momentvos.sam2.resize import Resizer, resize

MAX_STILLS = 2
"""Most frames of a video that are tokenised one by one instead of as events."""


def image_input(
    rgb: NDArray[Any] | Tensor, config: ChatUniViConfig, resizer: Resizer = "pillow"
) -> VisualInput:
    """Input of one frame, uint8 [H, W, 3]: ``config.tokens`` visual tokens.

    Raises VideoError for a frame more than 200 times as long as wide.
    """
    return _cut("image", torch.as_tensor(rgb)[None], config, config.tokens, resizer)


def video_input(
    rgb: NDArray[Any] | Tensor, config: ChatUniViConfig, resizer: Resizer = "pillow"
) -> VisualInput:
    """Input of a video's frames, uint8 [T, H, W, 3]: ``config.tokens`` visual tokens an event.

    Raises VideoError for frames more than 200 times as long as wide.
    """
    frames = torch.as_tensor(rgb)
    count = len(frames) if len(frames) <= MAX_STILLS else config.events(len(frames))
    return _cut("video", frames, config, count * config.tokens, resizer)


def _cut(
    kind: Literal["image", "video"],
    frames: Tensor,
    config: ChatUniViConfig,
    tokens: int,
    resizer: Resizer,
) -> VisualInput:
    """Its tokens follow one another in time alone; how many frames they are is the `merge`."""
    height, width = frames.shape[1:3]
    side, count = config.side, len(frames)
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise VideoError(
            f"A picture of {width}x{height} pixels is too narrow: one side may be at most "
            f"{MAX_ASPECT} times the other."
        )
    pixels = normalised(_middle(frames, side, resizer), CLIP_MEAN, CLIP_STD)
    return VisualInput(
        kind,
        pixels.flatten(1),
        (tokens, count, count),
        count,
        (height, width),
        (side, side),
        shrunk=height * width > side * side,
    )


def _middle(frames: Tensor, side: int, resizer: Resizer) -> Tensor:
    """uint8 [T, H, W, 3] to uint8 [T, 3, side, side]: shorter side resized, the middle kept."""
    height, width = frames.shape[1:3]
    short = min(height, width)
    size = (int(side * height / short), int(side * width / short))
    top, left = ((length - side) // 2 for length in size)
    return resize(frames, size, "bicubic", resizer)[:, :, top : top + side, left : left + side]
