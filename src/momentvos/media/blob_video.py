"""Videos in memory or in an object store."""

from __future__ import annotations

import weakref
from pathlib import Path
from tempfile import TemporaryDirectory

from momentvos.errors import VideoError
from momentvos.media.blob import BLOCK, Blob
from momentvos.media.container import ContainerSource
from momentvos.media.kind import Kind, kind_of
from momentvos.media.named import NamedVideo
from momentvos.media.video import Video


def open_blob(blob: Blob) -> Video:
    """Open a video file, an animation or an image that has no path.

    A container is read by ranges, where it is sought: of an mp4 whose index is whole, what is not
    looked at is never fetched. Pictures and animated WebP go through a temporary file.

    Raises VideoError as `Video.open` does, and what the blob's `fetch` raises.
    """
    if not blob.size:
        raise VideoError(f"'{blob}' is empty; it holds no video.")
    if kind_of(blob) is Kind.CONTAINER:
        return NamedVideo(Video(Path(blob.name), ContainerSource(blob), blob), blob.name)
    folder = TemporaryDirectory(prefix="momentvos-")
    path = Path(folder.name, f"picture{blob.suffix}")
    with path.open("wb") as file:
        for start in range(0, blob.size, BLOCK):
            file.write(blob.read(start, start + BLOCK))
    try:
        video = NamedVideo(Video.open(path), blob.name)
    except VideoError as error:
        raise VideoError(str(error).replace(str(path), blob.name)) from None
    weakref.finalize(video, folder.cleanup)
    return video
