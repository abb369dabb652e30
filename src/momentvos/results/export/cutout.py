"""The object alone: transparent PNGs, or a video of it on a colour.

PNGs have straight alpha, and are black where nothing is opaque. The video is an H.264 mp4 with the
source's sound, as the overlay is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from momentvos.errors import OutputError
from momentvos.results.export.footage import opened
from momentvos.results.export.matte import opacities
from momentvos.results.export.names import frame_names
from momentvos.results.export.soft_mask import bounds

if TYPE_CHECKING:
    from momentvos.media.video import Video
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_COLOUR = "#00b140"
"""Green of chroma-key screens."""


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the object of one prediction; returns notes. Raises OutputError, VideoError."""
    (prediction,) = predictions
    video = opened(prediction, options)
    if out.suffix == ".mp4":
        _video(prediction, video, out, options)
    else:
        _pictures(prediction, video, out, options)
    return ()


def _pictures(prediction: Prediction, video: Video, out: Path, options: Options) -> None:
    colour = None if options.background is None else rgb_of(options.background)
    names = frame_names(len(video))
    masks = opacities(prediction, options)
    for frame, (index, opacity) in zip(video.frames(), masks, strict=True):
        if colour is None:
            seen = np.where(opacity[..., None] > 0, frame.rgb, 0).astype(np.uint8)
            picture = Image.fromarray(np.dstack([seen, opacity]))
        else:
            picture = Image.fromarray(laid(frame.rgb, opacity, colour))
        picture.save(out / f"{names[index]}.png", compress_level=1)
        options.report(index + 1, len(video))


def _video(prediction: Prediction, video: Video, out: Path, options: Options) -> None:
    from momentvos.media.writer import VideoWriter

    colour = rgb_of(options.background or _COLOUR)
    with VideoWriter.like(video, out) as writer:
        masks = opacities(prediction, options)
        for frame, (index, opacity) in zip(video.frames(), masks, strict=True):
            writer.write(laid(frame.rgb, opacity, colour))
            options.report(index + 1, len(video))


def rgb_of(colour: str) -> tuple[int, int, int]:
    """A colour as CSS writes it. Raises OutputError for another text."""
    try:
        return ImageColor.getrgb(colour)[:3]
    except ValueError:
        raise OutputError(
            f"'{colour[:40]}' is no colour; write it like #00ff00 or green."
        ) from None


def laid(
    rgb: NDArray[np.uint8], opacity: NDArray[np.uint8], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """A picture, uint8 [H, W, 3], laid over a colour with an opacity, uint8 [H, W]."""
    drawn = np.empty_like(rgb)
    drawn[:] = colour
    box = bounds(opacity > 0)
    if box is not None:
        share = opacity[box][..., None].astype(np.uint16)
        below = np.asarray(colour, np.uint16)
        drawn[box] = (rgb[box] * share + below * (255 - share) + 127) // 255
    return drawn
