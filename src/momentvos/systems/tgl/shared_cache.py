"""Cache of sentence-independent features of a video's frames, within a memory budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import proxy

from momentvos.media import Video
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Pyramid
from momentvos.systems.patches.logits import WindowFeatures
from momentvos.systems.tgl.features import (
    Shared,
    patch_features,
    plain_features,
    shared_features,
)

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

BUDGET = {"cpu": 32 << 20, "cuda": 4 << 30}
"""Bytes of features to keep, by kind of device."""


class SharedCache:
    """Shared features by frame number.

    Features are kept, oldest request out first, up to a number of bytes that does not depend
    on the video: short videos are encoded once for all that is asked, long ones stay flat.

    Args:
        model: TGL.
        video: where frames come from.
        budget: bytes of features to keep; default by device.
        cache: SAM2's features of the frames, which are decoded there, and which then go on from
            these features; default one of its own.
    """

    def __init__(
        self,
        model: TglModel,
        video: Video,
        budget: int | None = None,
        cache: FeatureCache | None = None,
    ) -> None:
        self.model = model
        self.video = video
        config = model.config
        if cache is None:
            cache = FeatureCache(model.sam, video, config.image_fit, config.image_resizer)
        self._cache = cache
        own = proxy(self)  # each would keep the other, and all its frames, for longer than needed
        cache.encoder = lambda frames: plain_features(model, own(frames))
        self._budget = BUDGET.get(model.device.type, 0) if budget is None else budget
        self._kept: OrderedDict[int, Shared] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Number of frames whose features are held."""
        return len(self._kept)

    def __call__(self, frames: Sequence[int]) -> Shared:
        """Features of different frames, one row each, on the model's device."""
        cached = {frame: self._kept[frame] for frame in frames if frame in self._kept}
        missing = [frame for frame in frames if frame not in cached]
        if missing:
            features = self._encode(missing)
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

    def _encode(self, frames: Sequence[int]) -> Shared:
        """As many frames at a time as SAM2 encodes, since the maps between its layers are large."""
        parts, chunk = [], self._cache.chunk
        for start in range(0, len(frames), chunk):
            pixels = self._cache.pixels(frames[start : start + chunk]).to(self.model.dtype)
            parts.append(shared_features(self.model, pixels))
        return Shared.cat(parts) if len(parts) > 1 else parts[0]

    def patches(self, frames: Sequence[int]) -> WindowFeatures:
        """What patches of a window of some frames are scored by."""
        return patch_features(self.model, self(frames), self.plain(frames))

    def plain(self, frames: Sequence[int]) -> Pyramid:
        """F_SAM of some frames."""
        return self._cache(frames)

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
