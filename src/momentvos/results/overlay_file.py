"""File of an overlay: an mp4, or a PNG for a video of one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.media.video import Video
from momentvos.media.writer import VideoWriter
from momentvos.results.background import in_background

NAMES = ("overlay.mp4", "overlay.png")


def overlay_name(length: int) -> str:
    """Name of the overlay of a video of `length` frames."""
    return NAMES[length == 1]


@contextmanager
def overlay_file(
    folder: Path, video: Video, size: tuple[int, int]
) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """Yield a function that adds the next frame, uint8 [H, W, 3], to the overlay in `folder`.

    size: (height, width) of the frames, which are encoded in another thread and must not change
    afterwards. The file appears under its name when the block ends
    without an exception. Raises OSError or OutputError where it cannot be written.
    """
    path = folder / overlay_name(len(video))
    if len(video) == 1:
        part = folder / f".part-{path.name}"
        try:
            yield lambda rgb: Image.fromarray(rgb).save(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return
    with VideoWriter.like(video, path, size) as writer, in_background(writer.write) as write:
        yield write
