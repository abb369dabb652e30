"""Videos of any kind as numbered frames with times, read lazily in constant memory."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import FrameIndexError, VideoError
from momentvos.guard import takes
from momentvos.media.blob import Place
from momentvos.media.clock import Clock
from momentvos.media.facts import VideoFacts
from momentvos.media.frame import Frame
from momentvos.media.kind import Kind, kind_of
from momentvos.ranges import shown

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Frames: TypeAlias = "NDArray[Any] | Tensor | Image | Iterable[Any]"
"""What `Video.from_frames` takes."""
VideoLike: TypeAlias = "str | Path | Video | Frames"
"""What `Video.open` takes."""


class Source(Protocol):
    """Source of a video's frames: a container, an animation, image files or arrays.

    One without a file, in memory or spooled, has the attribute `in_memory`, true; one of an image
    file, `is_image`.

    Attributes:
        size: (height, width) in pixels, after rotation.
        fps: average frames per second.
        times: start of each frame in seconds, frame 0 at 0.0.
        durations: duration of each frame in seconds.
        has_audio: whether the file has an audio stream.
        clock: map from the file's own clock to seconds after frame 0.
        time_base: seconds per unit of the file's time stamps.
        pixel_aspect: width over height of a pixel.
        notes: remarks for the user, such as on damaged frames.
    """

    size: tuple[int, int]
    fps: float
    times: list[float]
    durations: list[float]
    has_audio: bool
    clock: Clock
    time_base: Fraction
    pixel_aspect: Fraction

    @property
    def notes(self) -> list[str]: ...

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]: ...


class Video:
    """Numbered, upright RGB frames with their start times in seconds.

    Only the times are stored: each `frames` or `read` opens the file anew. Transparent images are
    composited over black, higher bit depths are reduced to 8, rotations and mirrorings in the
    metadata are applied, and HDR (PQ, HLG) and wide gamut are mapped to BT.709.
    """

    def __init__(self, path: Path, source: Source, place: Place | None = None) -> None:
        self.path = path
        self.place: Place = path if place is None else place  # where its bytes are
        self._source = source

    @classmethod
    def open(cls, path: VideoLike, fps: float = 24.0) -> Video:
        """Open a video file, a folder of images (in natural order), one image, or frames.

        path: of the file or folder; or what `from_frames` takes, then with a note that the rate
        is assumed; or an open `Video`, which is returned.
        fps: frames per second of a folder of images and of frames, which have no clock.
        Raises VideoError for a path that is missing, unreadable, no video, without frames, or too
        large. Of a truncated file the frames that decode are used, and `notes` says so.
        """
        if isinstance(path, Video):
            return path
        if isinstance(path, bytes):
            raise VideoError("A path is text or a Path, not bytes: os.fsdecode(path).")
        if not isinstance(path, str | os.PathLike):
            made = cls.from_frames(path, fps)
            made.notes.append(f"frames without a clock: taken for {made.fps:g} a second")
            return made
        path = Path(path)
        _check_readable(path)
        kind = Kind.PICTURE if path.is_dir() else kind_of(path)
        if kind is Kind.PICTURE:
            from momentvos.media.images import ImageSource

            return cls(path, ImageSource.open(path, fps))
        if kind is Kind.ANIMATION:
            from momentvos.media.animation import AnimationSource

            return cls(path, AnimationSource(path))
        from momentvos.media.container import ContainerSource

        return cls(path, ContainerSource(path))

    @classmethod
    def from_frames(cls, frames: Frames, fps: float, name: str | Path = "memory") -> Video:
        """Make a video of frames at a constant rate.

        Args:
            frames: an array or tensor, uint8 0..255 or floating 0..1, [T, H, W, 3] or
                [T, 3, H, W]; or a list or any iterable of frames, each [H, W, 3], [3, H, W] or
                grey [H, W], a Pillow image, or a `Frame`. Colours are red, green, blue (those of
                OpenCV are not: frames[..., ::-1]).
            fps: frames per second.
            name: stands in for the path in predictions.

        An array of uint8 [T, H, W, 3] is used as it is, not copied, and other arrays and lists
        become uint8. What is no list, such as a generator, is read once and at once, with one
        frame in memory: its frames are kept without loss (FFV1) in a temporary file that goes with
        the video.

        Raises VideoError for frames of another shape, type or range, for two axes of which either
        could be colour, for frames that differ in size, for none, and for a rate out of bounds.
        """
        if not isinstance(name, str | Path) or not str(name):
            raise VideoError("The name of a video is text, such as the camera's.")
        if isinstance(frames, Video | str | Path | bytes):
            raise VideoError("These are not frames; `Video.open` takes paths and open videos.")
        from momentvos.media.from_frames import source_of

        return cls(Path(name), source_of(frames, fps, str(name)))

    @property
    def is_image(self) -> bool:
        """Whether it is an image file; any other video of one frame is a video."""
        return bool(getattr(self._source, "is_image", False))

    @property
    def is_here(self) -> bool:
        """Whether its frames can be read: they are in memory, or the file is where it was."""
        return getattr(self._source, "in_memory", False) or self.path.exists()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels, after rotation."""
        return self._source.size

    @property
    def fps(self) -> float:
        """Frames per second on average."""
        return self._source.fps

    @property
    def times(self) -> list[float]:
        """Start of each frame in seconds; the first at 0.0."""
        return self._source.times

    @property
    def durations(self) -> list[float]:
        """Duration of each frame in seconds."""
        return self._source.durations

    @property
    def duration(self) -> float:
        """Seconds from the start of the first frame to the end of the last one."""
        return self.times[-1] + self.durations[-1]

    @property
    def notes(self) -> list[str]:
        """Remarks for the user, such as "truncated: 40 of 60 frames decode"."""
        return self._source.notes

    @property
    def has_audio(self) -> bool:
        return self._source.has_audio

    @property
    def clock(self) -> Clock:
        """Map from the file's own clock, which its audio shares, to seconds after frame 0."""
        return self._source.clock

    @property
    def time_base(self) -> Fraction:
        """Seconds per unit of the file's time stamps; every time is a whole number of them."""
        return self._source.time_base

    @property
    def pixel_aspect(self) -> Fraction:
        """Width over height of a pixel; 1 for nearly all videos."""
        return self._source.pixel_aspect

    @property
    def facts(self) -> VideoFacts:
        height, width = self.size
        return VideoFacts(str(self.path), width, height, self.fps, len(self), self.duration)

    def __len__(self) -> int:
        return len(self.times)

    @takes("frames(start, stop) with whole numbers")
    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Yield frames `start` up to, without, `stop` (default: the end)."""
        return self.read(range(len(self))[start:stop])

    def read(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Yield the frames of the given ascending numbers; long gaps are skipped by a seek.

        Raises FrameIndexError for numbers that do not ascend or lie outside the video.
        """
        for index, rgb in self._source.read(_ascending(indices, len(self))):
            yield Frame(index, self.times[index], rgb)

    def lazily(
        self, indices: Iterable[int]
    ) -> Iterator[tuple[int, Callable[[], NDArray[np.uint8]]]]:
        """As `read`: each number with what makes its pixels, uint8 [H, W, 3], when it is called.

        Of a video file, frames whose pixels nobody asks for cost their decoding alone.
        """
        lazily = getattr(self._source, "lazily", None)
        numbers = _ascending(indices, len(self))
        if lazily is not None:
            yield from lazily(numbers)
            return
        for number, rgb in self._source.read(numbers):
            yield number, partial(_same, rgb)

    def keyframe(self, number: int) -> int:
        """The frame from which is decoded to reach another one: itself, or a keyframe before it."""
        keyframe = getattr(self._source, "keyframe", None)
        return number if keyframe is None else int(keyframe(number))

    def __repr__(self) -> str:
        height, width = self.size
        return f"Video('{self.path}', {width}x{height}, {len(self)} frames, {self.fps:.3f} fps)"


def _same(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return rgb


def _ascending(indices: Iterable[int], length: int) -> Iterator[int]:
    last = -1
    if not isinstance(indices, Iterable):
        raise FrameIndexError(
            f"{shown(indices)} is no list of frame numbers; write [{length - 1}]."
        )
    for index in indices:
        number = _whole(index)
        if not 0 <= number < length:
            raise FrameIndexError(
                f"There is no frame {shown(index)}; the video has frames 0 to {length - 1}."
            )
        if number < last:
            raise FrameIndexError(f"Frame {number} follows frame {last}; sort the numbers.")
        last = number
        yield last


def _whole(index: Any) -> int:
    try:
        return operator.index(index)
    except TypeError:
        raise FrameIndexError(f"{shown(index)} is no frame number; give a whole number.") from None


def _check_readable(path: Path) -> None:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        elif not path.exists():
            raise VideoError(f"'{path}' does not exist; check the path of the video.")
        elif not path.is_file():
            raise VideoError(f"'{path}' is neither a file nor a folder; give a video file.")
        else:
            with path.open("rb") as file:
                if not file.read(1):
                    raise VideoError(f"'{path}' is empty; it holds no video.")
    except PermissionError:
        raise VideoError(f"'{path}' may not be read; check its permissions.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"'{path}' cannot be read: {reason}.") from None
