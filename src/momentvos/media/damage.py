"""Image files whose faults are told to the user in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import VideoError
from momentvos.media.frame import check_size
from momentvos.media.isobmff import ImageFile
from momentvos.media.picture import open_picture, reads_heic

if TYPE_CHECKING:
    from PIL.Image import Image


@contextmanager
def opened_picture(path: Path) -> Iterator[Image]:
    """Open an image file. Raises VideoError for what is none, for size, and for damage inside.

    Every error of the block counts as damage, since Pillow's decoders raise whatever they meet.
    """
    with _open(path) as image:
        try:
            yield image
        except VideoError:
            raise
        except Exception as error:
            raise VideoError(f"The picture '{path}' is damaged ({_short(error)}).") from None


def _open(path: Path) -> Image:
    from PIL.Image import DecompressionBombError

    try:
        image = open_picture(path)
        check_size(path, image.height, image.width)
        return image
    except VideoError:
        raise
    except DecompressionBombError:
        raise VideoError(f"'{path}' has too many pixels; scale it down first.") from None
    except PermissionError:
        raise VideoError(f"'{path}' may not be read; check its permissions.") from None
    except Exception as error:
        if (needed := _missing_reader(path)) is not None:
            raise VideoError(needed) from None
        raise VideoError(f"'{path}' is not an image that can be read ({_short(error)}).") from None


def _missing_reader(path: Path) -> str | None:
    """What to install to read an AVIF or HEIC, or None."""
    from PIL import features

    try:
        image = ImageFile.read(path)
    except OSError:
        return None
    if image is None:
        return None
    if image.heic and not reads_heic():
        return (
            f"'{path}' is a HEIC picture, which needs pillow-heif; install it with pip install "
            "'momentvos[heic]', or convert the picture to JPEG."
        )
    if not image.heic and not features.check("avif"):
        return (
            f"'{path}' is an AVIF picture, which the Pillow at hand cannot read; install a newer "
            "one with pip install -U pillow, or convert the picture to PNG."
        )
    return None


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return type(error).__name__ if "'" in text or not text else text
