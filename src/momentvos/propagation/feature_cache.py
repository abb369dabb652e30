"""SAM2's features of a video's frames, in any order, kept within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.media import Frame, Video
from momentvos.sam2 import Pyramid, encode, guided_filter, to_pixels
from momentvos.sam2.geometry import fit, resize, to_input, to_output

PIXELS = 192 << 20
FEATURES = {"cpu": 32 << 20, "cuda": 4 << 30}
CHUNK = 8


class FeatureCache:
    """Pyramids by frame number, of frames that are stretched to SAM2's square or padded to it.

    A walk asks for one frame after the other, forwards or backwards. Frames are decoded forward
    in blocks of a fixed number of bytes, and a single frame that is missing brings its
    neighbours of the block with it, so both directions encode in batches. What is kept does not
    grow with the video.

    Attributes:
        video: where frames come from.
        content: (height, width) that they take of the square.

    Args:
        sam: SAM2, whose decoder's levels the pyramids have.
        video: where frames come from.
        padded: the longer side fills the square (VRS-HQ); else both sides do (MomentSeg).
        budget: bytes of features to keep; default by device.
    """

    def __init__(
        self, sam: Sam2VideoModel, video: Video, padded: bool, budget: int | None = None
    ) -> None:
        self.sam, self.video, self.padded = sam, video, padded
        size = sam.config.image_size
        self.side = int(size if isinstance(size, int) else size[0])
        self.content = fit(video.size, self.side) if padded else (self.side, self.side)
        self._budget = FEATURES.get(sam.device.type, 0) if budget is None else budget
        self._block = min(max(PIXELS // (3 * self.side**2), CHUNK), 256) // CHUNK * CHUNK
        self._kept: OrderedDict[int, Pyramid] = OrderedDict()
        self._pixels: tuple[int, Tensor] = (-1, torch.empty(0))
        self._frames: Iterator[Frame] = iter(())
        self._next = -1

    def __len__(self) -> int:
        """Number of frames whose features are held."""
        return len(self._kept)

    def __call__(self, frames: Sequence[int]) -> Pyramid:
        """Features of some frames, one row each, on the model's device."""
        found = {frame: self._kept[frame] for frame in frames if frame in self._kept}
        missing = [frame for frame in dict.fromkeys(frames) if frame not in found]
        if len(missing) == 1:
            start = missing[0] // CHUNK * CHUNK
            around = range(start, min(start + CHUNK, len(self.video)))
            missing = [frame for frame in around if frame not in self._kept]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            pyramid = self._encode(chunk)
            for row, frame in enumerate(chunk):
                levels = tuple(level[row : row + 1].clone() for level in pyramid.levels)
                found[frame] = Pyramid(levels)
        self._keep({frame: found[frame] for frame in missing})
        return Pyramid.cat([found[frame] for frame in frames])

    def _keep(self, fresh: dict[int, Pyramid]) -> None:
        """Keep what fits, oldest out first, but always what was just made."""
        self._kept.update(fresh)
        if not fresh:
            return
        one = next(iter(fresh.values()))
        size = sum(level.numel() * level.element_size() for level in one.levels)
        while len(self._kept) > max(self._budget // size, len(fresh)):
            self._kept.popitem(last=False)

    def pixels(self, frames: Sequence[int]) -> Tensor:
        """Some frames as SAM2 sees them, normalised [N, 3, S, S], on the model's device."""
        decoded = torch.stack([self._decoded(frame) for frame in frames]).to(self.sam.device)
        return to_input(decoded, self.side)[0] if self.padded else to_pixels(decoded)

    def fine(self, logits: Tensor, frames: Sequence[int], radius: int) -> Tensor:
        """Mask logits [N, h, w] along their frames' edges, [N, S, S]; with radius 0 as they are."""
        if not radius:
            return logits
        return guided_filter(logits, self.pixels(frames), radius)

    def full(self, logits: Tensor) -> Tensor:
        """Mask logits [h, w] over SAM2's square as [H, W] over the picture."""
        rows, size = logits[None].float(), self.video.size
        if self.padded:
            return to_output(rows, self.content, self.side, size)[0]
        square = F.interpolate(rows[None], (self.side, self.side), mode="bilinear")
        return F.interpolate(square, size, mode="bilinear")[0, 0]

    def inside(self, mask: Tensor) -> NDArray[np.bool_]:
        """The part of a mask [h, w] over SAM2's square that lies in the picture."""
        height, width = (
            -(-side * content // self.side)
            for side, content in zip(mask.shape, self.content, strict=True)
        )
        flags = mask.cpu().numpy().copy()
        flags[height:], flags[:, width:] = False, False
        return flags

    def _encode(self, frames: Sequence[int]) -> Pyramid:
        return encode(self.sam, self.pixels(frames).to(self.sam.dtype))

    def _decoded(self, frame: int) -> Tensor:
        """uint8 at the size it has in the square, [h, w, 3] to be padded, else [3, S, S].

        One block of frames is held.
        """
        number, block = self._pixels
        if frame // self._block != number:
            number = frame // self._block
            start = number * self._block
            stop = min(start + self._block, len(self.video))
            if self._next != start:
                self._frames = self.video.frames(start)
            rows = []
            for picture in self._frames:
                rows.append(self._fitted(torch.from_numpy(picture.rgb)))
                if picture.index == stop - 1:
                    break
            self._next = stop
            block = torch.stack(rows)
            self._pixels = (number, block)
        return block[frame - number * self._block]

    def _fitted(self, rgb: Tensor) -> Tensor:
        return _shrunk(rgb, self.content) if self.padded else resize(rgb[None], self.content)[0]


def _shrunk(rgb: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 [H, W, 3] to uint8 [*size, 3], as :func:`momentvos.sam2.to_input` resizes."""
    if tuple(rgb.shape[:2]) == size:
        return rgb
    planes = rgb.permute(2, 0, 1)[None].float()
    small = F.interpolate(planes, size, mode="bilinear", align_corners=False, antialias=True)
    return small[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8)
