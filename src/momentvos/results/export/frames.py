"""Frames of videos as image files, beside annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from momentvos.results.export.footage import opened
from momentvos.results.export.names import frame_names

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.export.names import Group

_QUALITY = 95


def write_frames(group: Group, folder: Path, options: Options) -> None:
    """Write every frame of a video into `folder` as JPEG, where `options.images` says so.

    Raises VideoError where the video is gone.
    """
    if not options.images:
        return
    video = opened(group.first, options)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(frame_names(len(video)), video.frames(), strict=True):
        Image.fromarray(frame.rgb).save(folder / f"{name}.jpg", quality=_QUALITY)
        options.report(frame.index + 1, len(video))


def images_beside(out: Path) -> Path:
    """Folder for the frames of an annotation file: ``coco_images`` beside ``coco.json``."""
    return out.with_name(f"{out.stem}_images")
