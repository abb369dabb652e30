"""The video a sample is about, as a model reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.evaluation.scenes import SceneSample
from momentvos.media.clock import Clock
from momentvos.media.video import Video

BATCH = 16
"""Frames of a film that are decoded at once."""


def sample_video(sample: Sample) -> Video:
    """The video of a sample; a scene of MomentWorld is drawn at once, others are read on demand."""
    return sample.video() if isinstance(sample, SceneSample) else SampleVideo(sample)


class SampleVideo(Video):
    """Frames of a data set, decoded when they are asked for.

    Its rate is the sample's, constant. Reading raises DataError for a frame that is damaged or of
    another size than the sample says.
    """

    def __init__(self, sample: Sample) -> None:
        super().__init__(Path(sample.video_id), _SampleSource(sample))


class _SampleSource:
    has_audio = False
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self.size: tuple[int, int] = sample.size
        self.fps = float(sample.fps)
        self.time_base = 1 / Fraction(self.fps).limit_denominator(100_000)
        self.times = [frame / self.fps for frame in range(sample.length)]
        self.durations = [1 / self.fps] * sample.length
        self.notes: list[str] = []

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[Any]]]:
        # A film is opened anew for each request, pictures are files of their own.
        many = 1 if self._sample.path is None else BATCH
        for batch in _batches(indices, many):
            for index, frame in zip(batch, self._sample.frames(batch), strict=True):
                yield index, self._checked(index, frame)

    def _checked(self, index: int, frame: NDArray[Any]) -> NDArray[Any]:
        if frame.shape[:2] != self.size:
            raise DataError(
                f"Frame {index} of the video '{self._sample.video_id}' has "
                f"{frame.shape[1]} x {frame.shape[0]} pixels, not {self.size[1]} x {self.size[0]}."
            )
        return frame


def _batches(indices: Iterable[int], many: int) -> Iterator[list[int]]:
    rest = iter(indices)
    while batch := list(islice(rest, many)):
        yield batch
