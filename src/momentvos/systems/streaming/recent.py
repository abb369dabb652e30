"""The last frames of a stream and their features: what video and feature cache are to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.sam2 import Pyramid, encode, guided_filter
from momentvos.sam2.geometry import Mode, fit, fitted, padded, to_output
from momentvos.sam2.resize import Resizer

T = TypeVar("T")


class RecentFrames:
    """Frames by number, at the size that SAM2 takes, until `forget` is told of them.

    Attributes:
        sam: SAM2.
        size: (height, width) of the frames as they came; those of the first one.
        side: of SAM2's square, in pixels.
        mode, resizer: how they are fitted to it.
        encoder: gives F_SAM of a frame; by default SAM2's own encoder.

    Args:
        sam, mode, resizer: as of the attributes.
    """

    def __init__(self, sam: Sam2VideoModel, mode: Mode, resizer: Resizer) -> None:
        self.sam, self.mode, self.resizer = sam, mode, resizer
        square = sam.config.image_size
        self.side = int(square if isinstance(square, int) else square[0])
        self.size = (0, 0)
        self._content = (0, 0)
        self._pictures: dict[int, Tensor] = {}
        self._plain: dict[int, Pyramid] = {}
        self.encoder: Callable[[int], Pyramid] = self._encode

    def __len__(self) -> int:
        """Number of frames held."""
        return len(self._pictures)

    def push(self, frame: int, rgb: NDArray[np.uint8]) -> None:
        """Take a frame, uint8 [H, W, 3], of the size of the first one."""
        if not self._content[0]:
            self.size = (rgb.shape[0], rgb.shape[1])
            self._content = fit(self.size, self.side, self.mode)
        picture = torch.from_numpy(np.array(rgb))[None]  # a camera may fill its buffer again
        if self.resizer == "float":  # Pillow works on the CPU
            picture = picture.to(self.sam.device)
        self._pictures[frame] = fitted(picture, self.side, self.mode, self.resizer)

    def forget(self, before: int) -> None:
        """Drop the frames before one."""
        drop_before(self._pictures, before)
        drop_before(self._plain, before)

    def pixels(self, frames: Sequence[int]) -> Tensor:
        """Some frames as SAM2's input, normalised [N, 3, S, S], on the model's device."""
        rows = torch.cat([self._pictures[frame] for frame in frames]).to(self.sam.device)
        return padded(rows, self.side, self.mode)

    def plain(self, frames: Sequence[int]) -> Pyramid:
        """F_SAM of some frames, one row each; each frame is encoded once."""
        for frame in frames:
            if frame not in self._plain:
                self._plain[frame] = self.encoder(frame)
        return Pyramid.cat([self._plain[frame] for frame in frames])

    def mask(self, logits: Tensor, frame: int, radius: int) -> NDArray[np.bool_]:
        """Mask logits [h, w] over SAM2's square as a mask [H, W] over the frame.

        radius: of the guided filter, 0 for none.
        """
        rows = logits[None]
        if radius:
            rows = guided_filter(rows, self.pixels([frame]), radius)
        full = to_output(rows.float(), self._content, self.side, self.size)[0]
        mask: NDArray[np.bool_] = (full > 0).cpu().numpy()
        return mask

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the square per pixel of a frame, in (x, y)."""
        return self._content[1] / self.size[1], self._content[0] / self.size[0]

    def to_square(self, mask: NDArray[np.bool_]) -> Tensor:
        """A mask [H, W] over a frame as one over SAM2's square, float [1, 1, S, S] of 0 and 1."""
        rows = torch.from_numpy(np.ascontiguousarray(mask, dtype=np.float32))[None, None]
        fits = F.interpolate(
            rows, self._content, mode="bilinear", align_corners=False, antialias=True
        )
        height, width = self._content
        pad = (0, self.side - width, 0, self.side - height)
        return (F.pad(fits, pad) >= 0.5).float().to(self.sam.device)

    def _encode(self, frame: int) -> Pyramid:
        return encode(self.sam, self.pixels([frame]).to(self.sam.dtype))


def drop_before(held: dict[int, T], before: int) -> None:
    """Drop the entries of frames before one; they are in the order in which frames came."""
    for frame in list(held):
        if frame >= before:
            break
        del held[frame]
