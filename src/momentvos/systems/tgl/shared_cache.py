"""Cache of sentence-independent features of a video's frames, within a memory budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.media import Frame, Video
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Pyramid
from momentvos.sam2.geometry import fitted, padded
from momentvos.systems.tgl.features import Shared, plain_features, shared_features

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

GAP = 64
BUDGET = {"cpu": 32 << 20, "cuda": 4 << 30}


class SharedCache:
    """Shared features by frame number.

    A run walks through the video a few times, always forward, so decoding goes on from where
    the last request ended and starts anew only when a request lies behind or far ahead.
    Features are kept, oldest request out first, up to a number of bytes that does not depend
    on the video: short videos are encoded once for all sentences, long ones stay flat.

    Args:
        model: TGL.
        video: where frames come from.
        budget: bytes of features to keep; default by device.
        pixels: SAM2's features of the same frames, which then are decoded for both at once.
    """

    def __init__(
        self,
        model: TglModel,
        video: Video,
        budget: int | None = None,
        pixels: FeatureCache | None = None,
    ) -> None:
        self.model = model
        self.video = video
        self._source = pixels
        if pixels is not None:
            pixels.encoder = lambda frames: plain_features(model, self(frames))
        self._budget = BUDGET.get(model.device.type, 0) if budget is None else budget
        self._kept: OrderedDict[int, Shared] = OrderedDict()
        self._bytes = 0
        self._frames: Iterator[Frame] = iter(())
        self._next = -1

    def __len__(self) -> int:
        """Number of frames whose features are held."""
        return len(self._kept)

    def __call__(self, frames: Sequence[int]) -> Shared:
        """Features of ascending frames, one row each, on the model's device."""
        cached = {frame: self._kept[frame] for frame in frames if frame in self._kept}
        missing = [frame for frame in frames if frame not in cached]
        if missing:
            features = shared_features(self.model, self._pixels(missing))
            if len(missing) == len(frames):
                for row, frame in enumerate(missing):
                    self._keep(frame, features, row)
                return features
            for row, frame in enumerate(missing):
                cached[frame] = features.row(row)
                self._keep(frame, features, row)
        for frame in frames:
            if frame in self._kept:
                self._kept.move_to_end(frame)
        return Shared.cat([cached[frame] for frame in frames])

    def plain(self, frames: Sequence[int]) -> Pyramid:
        """F_SAM of ascending frames, which stands on these features; see `plain_features`."""
        if self._source is not None:
            return self._source(frames)
        return plain_features(self.model, self(frames))

    def _keep(self, frame: int, features: Shared, row: int) -> None:
        one = features.row(row)
        size = one.nbytes
        if size > self._budget:
            return
        self._kept[frame] = one
        self._bytes += size
        while self._bytes > self._budget:
            self._kept.popitem(last=False)
            self._bytes -= size

    def _pixels(self, frames: Sequence[int]) -> Tensor:
        config, device = self.model.config, self.model.device
        if self._source is not None:
            return self._source.pixels(frames).to(self.model.dtype)
        rows = []
        for frame in frames:
            picture = torch.from_numpy(self._decode(frame))[None]
            if config.image_resizer == "float":  # Pillow works on the CPU
                picture = picture.to(device)
            small = fitted(picture, config.image_size, config.image_fit, config.image_resizer)
            rows.append(padded(small.to(device), config.image_size))
        return torch.cat(rows).to(self.model.dtype)

    def _decode(self, frame: int):  # type: ignore[no-untyped-def]
        if not self._next <= frame < self._next + GAP or self._next < 0:
            self._frames = self.video.frames(frame)
        for picture in self._frames:
            self._next = picture.index + 1
            if picture.index == frame:
                return picture.rgb
        raise AssertionError(f"frame {frame} of {len(self.video)} did not come")
