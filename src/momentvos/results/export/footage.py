"""The video of a prediction: its frames and times, as far as they can be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import VideoError

if TYPE_CHECKING:
    from momentvos.media.video import Video
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


@dataclass(frozen=True)
class Footage:
    """Frames and times of a prediction's video.

    Attributes:
        video: None where the file is gone.
        times, durations: start and duration of each frame in seconds.
        time_base: seconds of which all times are multiples.
        pixel_aspect: width over height of a pixel.
        notes: what the user should know.
    """

    video: Video | None
    times: Sequence[float]
    durations: Sequence[float]
    time_base: Fraction
    pixel_aspect: Fraction
    notes: tuple[str, ...] = ()


def footage(prediction: Prediction, options: Options) -> Footage:
    """Open the video, or take even times at the prediction's rate, with a note, if it is gone.

    Raises VideoError when the file is another video than that of the prediction.
    """
    if _place(prediction, options) is None:
        facts = prediction.video
        fps = exact_rate(facts.fps)
        times = [float(frame / fps) for frame in range(facts.length)]
        note = (
            f"'{facts.path}' is gone: frames are timed evenly at {facts.fps:g} a second; "
            "--video says where it is"
        )
        durations = [float(1 / fps)] * facts.length
        return Footage(None, times, durations, 1 / fps, Fraction(1), (note,))
    video = opened(prediction, options)
    return Footage(video, video.times, video.durations, video.time_base, video.pixel_aspect)


def opened(prediction: Prediction, options: Options) -> Video:
    """Open the video of a prediction.

    Raises VideoError where it is gone, cannot be read, or is another one.
    """
    from momentvos.media.sampled import SampledVideo
    from momentvos.media.video import Video

    facts = prediction.video
    place = _place(prediction, options)
    if place is None:
        raise VideoError(
            f"The video '{facts.path}' is gone, and this format needs its frames: say with --video "
            "where it is."
        )
    video = Video.open(place)
    size, length = (facts.height, facts.width), facts.length
    if video.size == size and len(video) != length and not video.path.is_dir() and facts.fps > 0:
        sampled = SampledVideo(video, facts.fps)  # as `run --sample-rate` reads it
        video = sampled if len(sampled) == length else video
    if video.size != size or len(video) != length:
        raise VideoError(
            f"'{video.path}' is not the video of this prediction: it has {len(video)} frames of "
            f"{video.size[1]} x {video.size[0]} pixels, not {length} of {facts.width} x "
            f"{facts.height}."
        )
    return video


@dataclass(frozen=True)
class Probe:
    """What a video file's headers say.

    timecode: of its first frame ("01:00:00:00"), or None. has_audio: whether there is sound.
    path: where it is, absolute, whether or not there is such a file.
    """

    path: Path
    timecode: str | None = None
    has_audio: bool = False


def probe(prediction: Prediction, options: Options) -> Probe:
    """Read the headers of a prediction's video, as far as the file can be had."""
    import av.error

    from momentvos.media.decoding import open_file

    place = _place(prediction, options)
    if place is None:
        place = Path(prediction.video.path)
    path = (place if isinstance(place, Path) else place.path).absolute()
    if not path.is_file():
        return Probe(path)
    try:
        with open_file(path) as container:
            owners: list[Any] = [container, *container.streams.video, *container.streams.data]
            codes = (
                str(value)
                for owner in owners
                for key, value in owner.metadata.items()
                if key.lower() == "timecode"
            )
            return Probe(path, next(codes, None), bool(container.streams.audio))
    except (OSError, av.error.FFmpegError, ValueError):
        return Probe(path)


def _place(prediction: Prediction, options: Options) -> Video | Path | None:
    """Where the video is said to be: open, or a path that exists; None where it is gone."""
    wanted = Path(prediction.video.path)
    given = options.video
    if given is None:
        return wanted if wanted.exists() else None
    if not isinstance(given, str | Path):
        return given
    folder = Path(given)
    inside = folder / wanted.name
    return inside if folder.is_dir() and inside.exists() and wanted.name else folder


def exact_rate(fps: float) -> Fraction:
    """A rate as the fraction that cameras have: 30000/1001 for 29.97, a whole number for 25.0.

    A rate of zero, which a video of one frame may have, counts as one frame a second.
    """
    if fps <= 0:
        return Fraction(1)
    usual = (round(fps / float(base)) * base for base in (Fraction(1), Fraction(1000, 1001)))
    near = min(usual, key=lambda rate: abs(float(rate) - fps))
    if near and abs(float(near) - fps) < 1e-4 * fps:
        return near
    return Fraction(fps).limit_denominator(10_000)
