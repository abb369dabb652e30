"""Samples of spatio-temporal grounding: a video file, a moment, and a box in each of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from momentvos.data.formats.entry import Entry
from momentvos.data.formats.video_samples import VideoSample
from momentvos.data.sample import Target
from momentvos.errors import DataError
from momentvos.moment import Moment

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class TubeSample(VideoSample):
    """A sentence about one thing in a part of the video at `path`; frames are the file's own.

    offset: number in the file of frame 0 of the sample. first: number in the file of the first
    frame with a box.
    """

    offset: int = field(default=0, kw_only=True)
    first: int = field(kw_only=True)
    tube: tuple[Box, ...] = field(default=(), repr=False, kw_only=True)

    def boxes(self) -> Sequence[Box]:
        """The true boxes of consecutive frames from `first` on. Raises DataError."""
        return self.tube

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB frames, uint8 [N, H, W, 3]; what a file lacks in its last second is its last frame.

        Raises VideoError; DataError where it lacks more.
        """
        video = self.video()
        last = len(video) - 1
        numbers = [self.offset + index for index in indices]
        if numbers and max(numbers) > last + self.fps:
            raise DataError(
                f"The video {self.path} has {len(video)} frames, the data set counts on "
                f"{self.offset + self.length}."
            )
        numbers = [min(number, last) for number in numbers]
        read = {frame.index: frame.rgb for frame in video.read(sorted(set(numbers)))}
        return np.stack([read[number] for number in numbers])

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Raise DataError: there are boxes alone."""
        raise DataError(f"The video {self.path} comes with boxes only; there are no masks.")


def check_tube(part: range, first: int, last: int, place: Entry) -> Moment:
    """The tube's moment in frames of the part, cut at its end.

    Raises BrokenEntry where it does not begin there.
    """
    if not part.start <= first < part.stop or last < first:
        raise place.broken(
            f"has a tube in frames {first} to {last} of a part that runs from {part.start} to "
            f"{part.stop - 1}"
        )
    return Moment([(first - part.start, min(last, part.stop - 1) - part.start)])


def tube_fields(
    path: Path,
    names: tuple[str, str],
    texts: tuple[str, str],
    part: range,
    fps: float,
    target: Target,
) -> dict[str, object]:
    """Arguments of a TubeSample.

    names: of video and expression. texts: sentence and kind. part: the file's frames asked about.
    """
    return {
        "video_id": names[0],
        "expression_id": names[1],
        "sentence": texts[0],
        "kind": texts[1],
        "length": len(part),
        "fps": fps,
        "targets": (target,),
        "annotated": False,
        "path": path,
        "duration": len(part) / fps,
        "offset": part.start,
    }
