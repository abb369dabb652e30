"""Visual inputs of Qwen's family: an image or a low-resolution video as a grid of patches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.errors import VideoError
from momentvos.mllm.torchvision_pictures import torchvision_pictures
from momentvos.sam2.resize import Resizer, resize

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)
MAX_ASPECT = 200

Preparation = Resizer | Literal["torchvision"]
"""How pictures are resized and normalised: resized as of :func:`momentvos.sam2.resize.resize` and
`normalised`, or all as `torchvision_pictures` does."""


@dataclass(frozen=True)
class Budget:
    """Least and most visual tokens of a frame; a token is `merge` x `merge` patches.

    ``Budget(16, 256)`` is what Qwen2.5-VL calls 4*4*28*28 to 16*16*28*28 pixels.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.high:
            raise ValueError(f"a budget of {self.low} to {self.high} tokens")


@dataclass(frozen=True)
class Patching:
    """Patch sizes and normalisation of a model's vision tower.

    Attributes:
        patch: side of a patch in pixels; merge: patches along each side of a token;
        temporal: frames in one step of a video's grid.
        mean, std: per channel, of values in 0..1.
        stamped: each step of a video's grid is a run of its own, after its time (Qwen3-VL).
    """

    patch: int = 14
    merge: int = 2
    temporal: int = 2
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    stamped: bool = False

    @property
    def side(self) -> int:
        """Pixels along each side of a token."""
        return self.patch * self.merge

    @classmethod
    def of(cls, config: Any) -> Patching:
        """Read from the configuration of a Qwen2.5-VL or Qwen3-VL."""
        vision = config.vision_config
        sizes = (vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size)
        if config.model_type == "qwen3_vl":
            return cls(*sizes, mean=HALF, std=HALF, stamped=True)
        return cls(*sizes)

    def fit(self, size: tuple[int, int], budget: Budget) -> tuple[int, int]:
        """(height, width) for frames of `size`: whole tokens within the budget, aspect kept.

        The rule of Qwen2-VL's ``smart_resize``. Raises VideoError for an image more than 200
        times as long as wide.
        """
        height, width = size
        if max(size) > MAX_ASPECT * min(size):
            raise VideoError(
                f"A picture of {width}x{height} pixels is too narrow: one side may be at most "
                f"{MAX_ASPECT} times the other."
            )
        side, area = self.side, self.side**2
        rows, columns = round(height / side), round(width / side)
        if rows * columns > budget.high:
            scale = math.sqrt(height * width / (budget.high * area))
            rows, columns = (max(math.floor(n / scale / side), 1) for n in size)
        elif rows * columns < budget.low:
            scale = math.sqrt(budget.low * area / (height * width))
            rows, columns = (math.ceil(n * scale / side) for n in size)
        return max(rows, 1) * side, max(columns, 1) * side


@dataclass(frozen=True)
class VisualInput:
    """An image, or a video's frames, as P patches.

    Attributes:
        kind: "image" or "video".
        patches: float [P, 3 * temporal * patch * patch], token by token.
        grid: (steps in time, rows, columns) of patches.
        merge: patches along each side of a token.
        size: (height, width) before resizing.
        shown: (height, width) after it, in pixels.
        seconds: mean time of each step, for models with times in the chat; else empty.
        shrunk: the frames were beyond the budget.
    """

    kind: Literal["image", "video"]
    patches: Tensor
    grid: tuple[int, int, int]
    merge: int
    size: tuple[int, int]
    shown: tuple[int, int]
    seconds: tuple[float, ...] = ()
    shrunk: bool = False

    @property
    def tokens(self) -> int:
        """Number of visual tokens in a chat."""
        steps, rows, columns = self.grid
        return steps * (rows // self.merge) * (columns // self.merge)

    @property
    def note(self) -> str | None:
        """A note for the user where the frames were shrunk, else None."""
        if not self.shrunk:
            return None
        (height, width), (low, narrow) = self.size, self.shown
        return f"the language model saw {width}x{height} frames at {narrow}x{low}"


def image_input(
    rgb: NDArray[Any] | Tensor, patching: Patching, budget: Budget, resizer: Preparation = "float"
) -> VisualInput:
    """Input of one image, uint8 [H, W, 3]; it fills one step of the grid.

    resizer: see `Preparation`; MomentSeg's program has Pillow, Sa2VA's torchvision.
    """
    pixels, shown = _resized(torch.as_tensor(rgb)[None], patching, budget, resizer)
    return _cut("image", pixels, shown, rgb.shape[:2], patching, budget)


def video_input(
    rgb: NDArray[Any] | Tensor,
    patching: Patching,
    budget: Budget,
    seconds: tuple[float, ...] = (),
    resizer: Preparation = "float",
) -> VisualInput:
    """Input of a video's frames, uint8 [T, H, W, 3]; the last one is repeated to fill a step.

    seconds: time of each frame; used by models with times in the chat only. resizer: as of
    `image_input`.
    """
    pixels, shown = _resized(torch.as_tensor(rgb), patching, budget, resizer)
    times = list(seconds) or [float(t) for t in range(len(pixels))]
    times += times[-1:] * (-len(times) % patching.temporal)
    steps = [times[k : k + patching.temporal] for k in range(0, len(times), patching.temporal)]
    means = tuple((step[0] + step[-1]) / 2 for step in steps) if patching.stamped else ()
    return _cut("video", pixels, shown, rgb.shape[1:3], patching, budget, means)


def normalised(
    pixels: Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Tensor:
    """uint8 [N, 3, h, w] to float32, by the arithmetic of the image processors of `transformers`.

    Values are scaled in 64 bits, rounded to 32, and normalised in 32.
    """
    scaled = (pixels.double() * (1 / 255)).float()
    centre, spread = (torch.tensor(one, device=pixels.device).view(3, 1, 1) for one in (mean, std))
    return (scaled - centre) / spread


def _resized(
    frames: Tensor, patching: Patching, budget: Budget, resizer: Preparation
) -> tuple[Tensor, tuple[int, int]]:
    """uint8 [T, H, W, 3] to normalised float [T, 3, h, w], and (h, w)."""
    shown = patching.fit((frames.shape[1], frames.shape[2]), budget)
    if resizer == "torchvision":
        return torchvision_pictures(frames, shown, patching.mean, patching.std), shown
    pixels = resize(frames, shown, "bicubic", resizer)
    return normalised(pixels, patching.mean, patching.std), shown


def _cut(
    kind: Literal["image", "video"],
    pixels: Tensor,
    shown: tuple[int, int],
    size: tuple[int, ...],
    patching: Patching,
    budget: Budget,
    seconds: tuple[float, ...] = (),
) -> VisualInput:
    patch, merge, temporal = patching.patch, patching.merge, patching.temporal
    missing = -len(pixels) % temporal
    pixels = torch.cat([pixels, pixels[-1:].expand(missing, -1, -1, -1)])
    steps, rows, columns = len(pixels) // temporal, shown[0] // patch, shown[1] // patch
    blocks = pixels.reshape(
        steps, temporal, 3, rows // merge, merge, patch, columns // merge, merge, patch
    )
    order = blocks.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return VisualInput(
        kind,
        order.reshape(steps * rows * columns, -1),
        (steps, rows, columns),
        merge,
        (size[0], size[1]),
        shown,
        seconds,
        size[0] * size[1] > budget.high * patching.side**2,
    )
