"""Who reads a file, by its content: names lie."""

from __future__ import annotations

from enum import Enum

from momentvos.media.blob import Place
from momentvos.media.frame import IMAGE_SUFFIXES
from momentvos.media.isobmff import ImageFile
from momentvos.media.picture import reads_heic
from momentvos.media.png import SIGNATURE, PngHeader

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_SUFFIXES = {".arw", ".cr2", ".dng", ".nef", ".orf", ".pef", ".srw"}
"""Of cameras' raw TIFFs, of which Pillow would read the preview."""
_VIDEOS = (b"\x1aE\xdf\xa3", b"OggS", b"FLV", b"GIF8", b"\0\0\1\xba", b"0&\xb2u")
"""Beginnings of files that are videos, or pictures that move, whatever they are called."""
_ANIMATION_FLAG = 0x02


class Kind(Enum):
    """Kind of a file: a still picture, an animation that FFmpeg does not read, or a container."""

    PICTURE = "picture"
    ANIMATION = "animation"
    CONTAINER = "container"


def kind_of(path: Place) -> Kind:
    """Kind of a regular file. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(32)
    named_picture = path.suffix.lower() in IMAGE_SUFFIXES
    if head.startswith(SIGNATURE):
        png = PngHeader.read(path)
        return Kind.CONTAINER if png is not None and png.animated else Kind.PICTURE
    if head[:4] == b"RIFF":
        if head[8:12] != b"WEBP":
            return Kind.CONTAINER
        moving = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & _ANIMATION_FLAG
        return Kind.ANIMATION if moving else Kind.PICTURE
    if head[4:8] == b"ftyp":
        image = ImageFile.read(path)
        if image is None or image.moving:
            return Kind.CONTAINER
        by_ffmpeg = image.heic and image.simple and not reads_heic()
        return Kind.CONTAINER if by_ffmpeg else Kind.PICTURE
    if head.startswith(_VIDEOS):
        return Kind.CONTAINER
    if head.startswith(_TIFF) and path.suffix.lower() not in _RAW_SUFFIXES:
        return Kind.PICTURE
    return Kind.PICTURE if named_picture else Kind.CONTAINER
