"""Image files as a video: one image, or a folder of images in natural order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from momentvos.errors import VideoError
from momentvos.media.clock import Clock
from momentvos.media.frame import IMAGE_SUFFIXES, check_size
from momentvos.media.picture import open_picture
from momentvos.media.pixels import over_black

ORIENTATION = 0x0112
_WIDTH, _LENGTH = 0x0100, 0x0101
_SIDEWAYS = {5, 6, 7, 8}


class ImageSource:
    """Image files of one size, at a constant frame rate."""

    has_audio = False
    clock = Clock()
    pixel_aspect = Fraction(1)

    def __init__(self, paths: list[Path], fps: Fraction) -> None:
        self.paths = paths
        self.fps = float(fps)
        self.time_base = 1 / fps
        self.times = [float(number / fps) for number in range(len(paths))]
        self.durations = [float(1 / fps)] * len(paths)
        self.notes: list[str] = []
        self.size = _size(paths[0])
        for path in paths[1:]:
            size = _size(path)
            if size != self.size:
                raise VideoError(
                    f"'{path}' is {size[1]} x {size[0]} pixels, but '{paths[0].name}' is "
                    f"{self.size[1]} x {self.size[0]}; all pictures of a folder must be alike."
                )

    @classmethod
    def open(cls, path: Path, fps: float) -> ImageSource:
        """Open an image file (one frame, one second) or a folder of images. Raises VideoError."""
        if not path.is_dir():
            source = cls([path], Fraction(1))
            with _picture(path) as image:
                if getattr(image, "n_frames", 1) > 1:
                    source.notes.append("the file holds several pictures: only the first is used")
            return source
        try:
            paths = [
                entry
                for entry in path.iterdir()
                if entry.suffix.lower() in IMAGE_SUFFIXES
                and not entry.name.startswith(".")
                and entry.is_file()
            ]
        except OSError as error:
            raise VideoError(f"The folder '{path}' cannot be read: {error.strerror}.") from None
        if not paths:
            raise VideoError(
                f"The folder '{path}' holds no images; give a folder with JPEG or PNG frames, or "
                "one video file."
            )
        return cls(sorted(paths, key=_natural), Fraction(fps).limit_denominator(100_000))

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (number, rgb) of the given frames. Raises VideoError for a damaged image."""
        for index in indices:
            rgb = _rgb(self.paths[index])
            if rgb.shape[:2] != self.size:
                raise VideoError(f"'{self.paths[index]}' has changed while it was in use.")
            yield index, rgb


def _natural(path: Path) -> tuple[list[tuple[int, int | str]], str]:
    parts = re.split(r"([0-9]+)", path.name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part], path.name


def _picture(path: Path) -> Image.Image:
    try:
        image = open_picture(path)
        check_size(path, image.height, image.width)
        return image
    except VideoError:
        raise
    except Image.DecompressionBombError:
        raise VideoError(f"'{path}' has too many pixels; scale it down first.") from None
    except PermissionError:
        raise VideoError(f"'{path}' may not be read; check its permissions.") from None
    except Exception as error:
        raise VideoError(f"'{path}' is not an image that can be read ({_short(error)}).") from None


def _short(error: Exception) -> str:
    return type(error).__name__ if "'" in str(error) or not str(error) else str(error)


def _size(path: Path) -> tuple[int, int]:
    """Height and width after rotation, from the header alone."""
    with _picture(path) as image:
        sideways = _has_exif(image) and image.getexif().get(ORIENTATION) in _SIDEWAYS
        width, height = _stored(image)
        return (width, height) if sideways else (height, width)


def _stored(image: Image.Image) -> tuple[int, int]:
    """Width and height before rotation. Pillow turns TIFF by itself and gives its size upright."""
    tags = getattr(image, "tag_v2", {})  # of TIFF alone
    return (tags[_WIDTH], tags[_LENGTH]) if {_WIDTH, _LENGTH} <= set(tags) else image.size


def _has_exif(image: Image.Image) -> bool:
    """Whether to read the orientation; Pillow would decode a whole PNG to see that it has none."""
    return image.format != "PNG" or "exif" in image.info


def _rgb(path: Path) -> NDArray[np.uint8]:
    with _picture(path) as opened:
        try:
            image = ImageOps.exif_transpose(opened) if _has_exif(opened) else opened
            if image.mode.startswith("I;16"):
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            elif image.mode in ("I", "F"):
                image = Image.fromarray(_to_8_bit(np.asarray(image)))
            if image.has_transparency_data:
                return over_black(np.asarray(image.convert("RGBA")))
            return np.array(image.convert("RGB"))
        except Exception as error:
            raise VideoError(f"The picture '{path}' is damaged ({_short(error)}).") from None


def _to_8_bit(values: NDArray[np.float32] | NDArray[np.int32]) -> NDArray[np.uint8]:
    """Convert to 8 bit: integers are 16-bit unless they fit 8; floats 0..1 unless larger."""
    top = float(values.max(initial=0))
    if values.dtype.kind == "f" and top <= 1.0:
        scaled = values * 255.0
    else:
        scaled = values / 257.0 if top > 255 else values * 1.0
    clipped: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return clipped
