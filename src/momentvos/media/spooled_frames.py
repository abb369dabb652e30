"""Frames that come one by one, kept without loss in a temporary file."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.clock import Clock
from momentvos.media.container import ContainerSource

ROOM = 512 << 20
"""Bytes that stay free on the disk."""
_CHECKED = 16
"""Frames between two looks at the disk."""


class SpoolSource:
    """Frames that were given once: FFV1, which is lossless, in a temporary file.

    One frame is in memory at a time. The file goes with this object, at the latest when the
    program ends; a killed program leaves it in the folder for temporary files (`TMPDIR`).
    """

    has_audio = False
    in_memory = True
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, frames: Iterable[NDArray[np.uint8]], rate: Fraction) -> None:
        """Store the frames, uint8 [H, W, 3] of one size, at least one.

        Raises VideoError where the disk has no room, and what `frames` raises.
        """
        handle, name = tempfile.mkstemp(prefix="momentvos-frames-", suffix=".mkv")
        os.close(handle)
        self._path = Path(name)
        weakref.finalize(self, _remove, self._path, os.getpid())
        try:
            count = _store(frames, self._path)
        except (OSError, av.error.FFmpegError) as error:
            if isinstance(error, OSError) and error.filename not in (name, f"file:{name}", None):
                raise  # of the frames' own maker
            reason = getattr(error, "strerror", None) or error
            raise _full(self._path.parent, str(reason)) from None
        self._stored = ContainerSource(self._path)
        self.size = self._stored.size
        self.fps, self.time_base = float(rate), 1 / rate
        self.times = [float(frame / rate) for frame in range(count)]
        self.durations = [float(1 / rate)] * count
        self.notes: list[str] = []

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given ascending frames."""
        return self._stored.read(indices)


def _store(frames: Iterable[NDArray[np.uint8]], path: Path) -> int:
    """Write frames; their number. The file's own times are not used, so its rate is any."""
    count = 0
    with av.open(f"file:{path}", "w", format="matroska") as container:
        stream: Any = container.add_stream("ffv1", rate=25)
        for rgb in frames:
            if count == 0:
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt, stream.codec_context.gop_size = "bgr0", 1  # any frame by a seek
            if count % _CHECKED == 0 and shutil.disk_usage(path.parent).free < ROOM:
                raise _full(path.parent, f"less than {ROOM >> 20} MiB are left")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
            count += 1
        container.mux(stream.encode(None))
    return count


def _full(folder: Path, reason: str) -> VideoError:
    return VideoError(
        f"The frames cannot be kept in '{folder}': {reason}; make room, or set TMPDIR."
    )


def _remove(path: Path, owner: int) -> None:
    """Remove the file, but not where a fork of the process ends."""
    if os.getpid() == owner:
        path.unlink(missing_ok=True)
