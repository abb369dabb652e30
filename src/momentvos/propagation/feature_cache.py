"""A cache of SAM2's features of a video's frames, read in any order, within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.media import Frame, Video
from momentvos.sam2 import Pyramid, encode, guided_filter
from momentvos.sam2.geometry import Mode, fit, fitted, padded, to_output
from momentvos.sam2.resize import Resizer

PIXELS = 192 << 20
"""Bytes of decoded frames to hold."""

FEATURES = {"cpu": 32 << 20, "cuda": 4 << 30}
"""Bytes of features to hold, by kind of device."""

CHUNK = 8
"""Most frames encoded at once."""

CHUNK_PIXELS = 1 << 18
"""On a CPU, about as many pixels are encoded at once: more of them leave its caches."""

BLOCK = 256
"""Most decoded frames to hold."""

FULL = 1 << 21
"""Pixels of masks that are brought to the video's size at once."""


class FeatureCache:
    """Feature pyramids by frame number; frames are fitted to SAM2's square.

    Tracking asks for one frame after the other, forwards or backwards. Frames are decoded forward
    in blocks of a fixed number of bytes, and a single frame that is missing is encoded together
    with its neighbours in the block, so both directions encode in batches. Memory does not grow
    with the video.

    Attributes:
        sam: SAM2.
        video: the source of frames.
        side: of SAM2's square, in pixels.
        mode, resizer: as below.
        encoder: gives features of some frames; None: SAM2, of their `pixels`.
        content: (height, width) that a frame takes of the square.
        chunk: most frames encoded at once.

    Args:
        sam: SAM2, whose decoder's levels the pyramids have.
        video: the source of frames.
        mode: how frames lie in the square, see :func:`momentvos.sam2.geometry.fit`.
        resizer: see :func:`momentvos.sam2.resize.resize`.
        budget: bytes of features to keep; default by device.
        least: frames whose features are kept whatever the budget.
        block: most decoded frames to hold, a multiple of `CHUNK`.
    """

    def __init__(
        self,
        sam: Sam2VideoModel,
        video: Video,
        mode: Mode,
        resizer: Resizer = "float",
        budget: int | None = None,
        *,
        least: int = 0,
        block: int = BLOCK,
    ) -> None:
        self.sam, self.video, self.mode, self.resizer = sam, video, mode, resizer
        size = sam.config.image_size
        self.side = int(size if isinstance(size, int) else size[0])
        self.content = fit(video.size, self.side, mode)
        self.encoder: Callable[[Sequence[int]], Pyramid] | None = None
        self._budget = FEATURES.get(sam.device.type, 0) if budget is None else budget
        self._least = least
        self._block = min(max(PIXELS // (3 * self.side**2), CHUNK), block) // CHUNK * CHUNK
        few = sam.device.type == "cpu"
        self.chunk = min(max(CHUNK_PIXELS // self.side**2, 1), CHUNK) if few else CHUNK
        self._cached: OrderedDict[int, Pyramid] = OrderedDict()
        self._pixels: tuple[int, Tensor] = (-1, torch.empty(0))
        self._frames: Iterator[Frame] = iter(())
        self._next = -1

    def __len__(self) -> int:
        """Number of frames whose features are held."""
        return len(self._cached)

    def __call__(self, frames: Sequence[int]) -> Pyramid:
        """Features of some frames, one row each, on the model's device."""
        pyramids = {frame: self._cached[frame] for frame in frames if frame in self._cached}
        missing = [frame for frame in dict.fromkeys(frames) if frame not in pyramids]
        if len(missing) == 1:
            start = missing[0] // self.chunk * self.chunk
            around = range(start, min(start + self.chunk, len(self.video)))
            missing = [frame for frame in around if frame not in self._cached]
        for start in range(0, len(missing), self.chunk):
            chunk = missing[start : start + self.chunk]
            pyramid = self._encode(chunk)
            for row, frame in enumerate(chunk):
                levels = tuple(level[row : row + 1].clone() for level in pyramid.levels)
                pyramids[frame] = Pyramid(levels)
        self._store({frame: pyramids[frame] for frame in missing})
        return Pyramid.cat([pyramids[frame] for frame in frames])

    def _store(self, new: dict[int, Pyramid]) -> None:
        """Keep what fits, evicting the oldest first, but never the new ones."""
        self._cached.update(new)
        if not new:
            return
        one = next(iter(new.values()))
        size = sum(level.numel() * level.element_size() for level in one.levels)
        while len(self._cached) > max(self._budget // size, self._least, len(new)):
            self._cached.popitem(last=False)

    def pixels(self, frames: Sequence[int]) -> Tensor:
        """Some frames as SAM2's input, normalised [N, 3, S, S], on the model's device."""
        decoded = torch.stack([self._decode(frame) for frame in frames]).to(self.sam.device)
        return padded(decoded, self.side, self.mode)

    def fine(self, logits: Tensor, frames: Sequence[int], radius: int) -> Tensor:
        """Mask logits [N, h, w] aligned with image edges, [N, S, S]; unchanged at radius 0."""
        if not radius:
            return logits
        place = {frame: number for number, frame in enumerate(dict.fromkeys(frames))}
        of = None
        if len(place) < len(frames):
            of = torch.tensor([place[frame] for frame in frames], device=logits.device)
        return guided_filter(logits, self.pixels(list(place)), radius, of=of)

    def full(self, logits: Tensor) -> Tensor:
        """Mask logits [h, w] over SAM2's square as [H, W] over the frame."""
        rows, size = logits[None].float(), self.video.size
        return to_output(rows, self.content, self.side, size)[0]

    def masks(self, logits: Sequence[Tensor] | Tensor) -> Iterator[NDArray[np.bool_]]:
        """Masks [H, W] over the frame of some mask logits over SAM2's square, alike in size."""
        (height, width), rows = self.video.size, len(logits)
        most = max(FULL // (height * width), 1)
        for start in range(0, rows, most):
            part = logits[start : start + most]
            stacked = (part if isinstance(part, Tensor) else torch.stack(list(part))).float()
            full = to_output(stacked, self.content, self.side, self.video.size)
            yield from (full > 0).cpu().numpy()

    def to_square(self, points: Tensor) -> Tensor:
        """Points (x, y) [..., 2] in pixels of the video, in pixels of SAM2's square.

        So a :class:`momentvos.sam2.Prompt` wants them; a box is two of them.
        """
        (height, width), content = self.video.size, self.content
        scale = torch.tensor([content[1] / width, content[0] / height], device=points.device)
        return points * scale

    def inside(self, mask: Tensor) -> NDArray[np.bool_]:
        """The part of a mask [.., h, w] over SAM2's square that lies in the frame."""
        height, width = (
            -(-side * content // self.side)
            for side, content in zip(mask.shape[-2:], self.content, strict=True)
        )
        flags = mask.cpu().numpy().copy()
        flags[..., height:, :], flags[..., width:] = False, False
        return flags

    def _encode(self, frames: Sequence[int]) -> Pyramid:
        if self.encoder is not None:
            return self.encoder(frames)
        return encode(self.sam, self.pixels(frames).to(self.sam.dtype))

    def _decode(self, frame: int) -> Tensor:
        """One frame, uint8 [3, h, w] at its size in the square; one block of frames is held."""
        number, block = self._pixels
        if frame // self._block != number:
            number = frame // self._block
            start = number * self._block
            stop = min(start + self._block, len(self.video))
            if self._next != start:
                self._frames = self.video.frames(start)
            # The block before goes first, and rows go where they stay: one block is held.
            self._pixels = (-1, torch.empty(0))
            block = torch.empty((stop - start, 3, *self.content), dtype=torch.uint8)
            for picture in self._frames:
                rgb = torch.from_numpy(picture.rgb)[None]
                block[picture.index - start] = fitted(rgb, self.side, self.mode, self.resizer)[0]
                if picture.index == stop - 1:
                    break
            self._next = stop
            self._pixels = (number, block)
        return block[frame - number * self._block]
