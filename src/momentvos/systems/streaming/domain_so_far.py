"""Whether a stream shows what a model knows, by its first seconds."""

from __future__ import annotations

from statistics import median

import numpy as np
from numpy.typing import NDArray

from momentvos.media.arrays import ArrayVideo
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.systems.domain import FRAMES, local_features
from momentvos.systems.streaming.session import StreamSession


class DomainSoFar:
    """The model's `DomainCheck` on a frame a second of the first ones, of which the median decides.

    A file's check looks at as many frames, spread over all of it.
    """

    def __init__(self, session: StreamSession) -> None:
        self._session, self._count = session, 0
        self._check = session.model.domain_check
        self._distances: list[float] = []

    def push(self, rgb: NDArray[np.uint8]) -> None:
        """Look at the next frame, if it is one of them."""
        every = max(round(self._session.fps), 1)
        wanted = not self._count % every and len(self._distances) < FRAMES
        self._count += 1
        if self._check is None or not wanted:
            return
        frames = self._session.frames
        video = ArrayVideo(rgb[None], self._session.fps)
        cache = FeatureCache(frames.sam, video, frames.mode, frames.resizer)
        cells = local_features(cache, [0], len(self._check.stages))
        self._distances.append(float(self._check.frame_distances(cells)[0]))

    @property
    def holds(self) -> bool | None:
        """Whether it shows what the model knows; None where nobody can tell, or not yet."""
        if self._check is None or not self._distances:
            return None
        return median(self._distances) <= self._check.limit
