"""Image files by Pillow, of the formats that pictures and masks come in and no others."""

from __future__ import annotations

import errno
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "BMP", "PPM", "TIFF", "WEBP", "GIF", "AVIF", "HEIF")
"""Whatever a file is called. Pillow would start Ghostscript for EPS, and has fonts, scripts of
drawings and drivers of scanners' formats that nobody's frames are stored in."""


def open_picture(source: Path | BinaryIO) -> Image:
    """Open an image file by its content; pixels are decoded later. Raises what Pillow raises."""
    from PIL import Image

    if isinstance(source, Path) and not source.is_file():
        source.stat()
        raise OSError(errno.EINVAL, "it is not a regular file", str(source))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Corrupt EXIF")
        image = Image.open(source, formats=_formats())
    if image.format == "TIFF":
        # Or Pillow maps uncompressed pixels from the file, row by row of the upright size, where
        # the tag of orientation has already swapped width and height.
        image.filename = ""
    return image


def reads_heic() -> bool:
    """Whether pillow-heif is installed (the extra `heic`)."""
    return find_spec("pillow_heif") is not None


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow can open; it raises KeyError for the others."""
    from PIL import Image

    Image.init()
    if reads_heic():
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    return tuple(name for name in FORMATS if name in Image.OPEN)
