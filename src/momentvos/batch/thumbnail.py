"""The picture of an answer: the middle frame of the moment, with the contour of the mask."""

from __future__ import annotations

import io
from pathlib import Path

from momentvos.media.video import Video
from momentvos.results.exclusive import explained
from momentvos.results.palette import assign, ground
from momentvos.results.prediction import Prediction
from momentvos.results.text_file import save_bytes
from momentvos.results.thumbnail import thumbnail

HEIGHT = 180
"""In pixels."""


def save_thumbnail(prediction: Prediction, video: Video, path: Path) -> None:
    """Write a JPEG; where nothing was found, of the video's middle frame as it is.

    Raises OutputError, and VideoError where the frame does not decode any more.
    """
    frame = middle(prediction)
    (shown,) = video.read([frame])
    mask = prediction.masklet.get(frame)
    (colour,) = assign([ground(shown.rgb, mask) if mask.any() else None])
    picture = thumbnail(shown.rgb, [mask], [colour], HEIGHT)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80, optimize=True)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    save_bytes(path, file.getvalue())


def middle(prediction: Prediction) -> int:
    """The frame of the moment that is nearest to its middle and has a mask."""
    frames = prediction.moment.frames() or list(range(prediction.video.length))
    centre = frames[len(frames) // 2]
    masked = set(prediction.masklet.frames())
    return min(
        (one for one in frames if one in masked), key=lambda one: abs(one - centre), default=centre
    )
