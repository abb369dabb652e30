"""What is drawn of one sentence about one video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.propagation.feature_cache import FeatureCache


@dataclass
class Drawing:
    """Masks and how sure they are, frame by frame.

    Attributes:
        reader: of the video.
        report: told how many of its frames are done.
        masklet: as large as the video.
        scores: of all frames, 0..1.
    """

    reader: FeatureCache
    report: Callable[[int], None]
    masklet: Masklet = field(init=False)
    scores: list[float] = field(init=False)
    _done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.masklet = Masklet(self.reader.video.size)
        self.scores = [0.0] * len(self.reader.video)

    def add(self, frame: int, logits: Tensor, sure: float) -> bool:
        """A thing in a frame, logits [h, w] over SAM2's square; several become one mask.

        Returns whether anything of it lies in the picture.
        """
        mask = (self.reader.full(logits) > 0).cpu().numpy()
        self.masklet.set(frame, mask | self.masklet.get(frame))
        self.scores[frame] = max(self.scores[frame], sure)
        self._done.add(frame)
        self.report(len(self._done))
        return bool(mask.any())
