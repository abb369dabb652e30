"""One image file: its header, and its pixels as upright 8-bit RGB of SDR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.errors import VideoError
from momentvos.media.colours import Colours, ToSdr
from momentvos.media.damage import opened_picture
from momentvos.media.depth import declared_white, stored_bits, to_8_bit, white_of_values
from momentvos.media.isobmff import ImageFile
from momentvos.media.orientation import SIDEWAYS, orientation_of, turned
from momentvos.media.pixels import over_black
from momentvos.media.png import PngHeader

_WIDTH, _LENGTH, _PHOTOMETRIC, _SAMPLE_FORMAT = 0x0100, 0x0101, 0x0106, 0x0153
_FULL = 65535.0
_FFMPEG_FORMATS = {"PNG": "png_pipe", "TIFF": "tiff_pipe"}


@dataclass(frozen=True)
class Still:
    """An image file by its header.

    Attributes:
        path: the file.
        size: (height, width) in pixels, upright.
        deep: whether samples have more than 8 bits.
        samples: format and kind of number; pictures that share them share one white.
        white: the sample value of white as the header states it, or None.
        colours: the mapping to BT.709 that its colours need, or None.
    """

    path: Path
    size: tuple[int, int]
    deep: bool
    samples: tuple[str | None, bool]
    white: float | None
    colours: Colours | None

    @classmethod
    def open(cls, path: Path) -> Still:
        """Read the header. Raises VideoError for what is no picture, or is too large."""
        with opened_picture(path) as image:
            png = PngHeader.read(path) if image.format == "PNG" else None
            height, width = _stored_size(image)
            if _orientation(image, png) in SIDEWAYS:
                height, width = width, height
            return cls(
                path,
                (height, width),
                stored_bits(image, png) > 8,
                (image.format, image.mode == "F"),
                declared_white(image, png),
                _colours(path, png),
            )

    def pictures(self) -> int:
        """Number of pictures in the file, of which the first is used."""
        with opened_picture(self.path) as image:
            try:
                return int(getattr(image, "n_frames", 1))
            except Exception:  # of damage behind the first picture
                return 1

    def measured_white(self) -> float:
        """White by the picture's values, 0 for a black one. Raises VideoError where damaged."""
        with opened_picture(self.path) as image:
            values = _deep_values(self.path, image)
            png = PngHeader.read(self.path) if image.format == "PNG" else None
            if values is None:
                return _FULL
            return white_of_values(values[..., :3] if values.ndim == 3 else values, png)

    def rgb(self, white: float | None) -> NDArray[np.uint8]:
        """Decode to [H, W, 3]. white: sample value of white of a deep picture, None for the full.

        Raises VideoError for a damaged picture, or one of another size than `size`.
        """
        with opened_picture(self.path) as image:
            png = PngHeader.read(self.path) if image.format == "PNG" else None
            orientation = _orientation(image, png)
            values = None
            if self.deep and (_is_grey(image) or self.colours or white not in (None, _FULL)):
                values = _deep_values(self.path, image)
                if image.format == "TIFF" and _is_grey(image):
                    orientation = 1  # Pillow has turned it
            if values is None:
                pixels = _shallow(image)
                if image.format == "TIFF":
                    orientation = 1
                rgb = pixels if self.colours is None else self._to_sdr(pixels)
            else:
                rgb = self._of_deep(values, white or _FULL)
                if values.ndim == 2 and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0:
                    rgb = 255 - rgb  # 0 is white
            rgb = np.ascontiguousarray(turned(rgb, orientation))
        if rgb.shape[:2] != self.size:
            raise VideoError(f"'{self.path}' has changed while it was in use.")
        return rgb

    def _of_deep(self, values: NDArray[Any], white: float) -> NDArray[np.uint8]:
        if values.ndim == 2:
            return np.repeat(to_8_bit(values, white)[..., None], 3, 2)
        if self.colours is None:
            rgb = to_8_bit(values[..., :3], white)
        else:
            rgb = ToSdr(self.colours)(values[..., :3])
        if values.shape[2] == 3:
            return rgb
        return over_black(np.concatenate([rgb, to_8_bit(values[..., 3:], _FULL)], -1))

    def _to_sdr(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self.colours is not None
        return ToSdr(self.colours)(rgb.astype(np.uint16) * 257)


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """Height and width before rotation. Pillow turns TIFF by itself and gives its size upright."""
    tags = getattr(image, "tag_v2", {})  # of TIFF alone
    if {_WIDTH, _LENGTH} <= set(tags):
        return tags[_LENGTH], tags[_WIDTH]
    return image.height, image.width


def _orientation(image: Image.Image, png: PngHeader | None) -> int:
    """Orientation; Pillow would decode a whole PNG to see that it has no Exif."""
    if image.format == "PNG" and (png is None or not png.exif) and "exif" not in image.info:
        return 1
    return orientation_of(image)


def _colours(path: Path, png: PngHeader | None) -> Colours | None:
    """The mapping that the file's own labels (cICP of PNG, nclx of AVIF and HEIF) ask for."""
    if png is not None:
        labels = png.colours
    else:
        image = ImageFile.read(path)
        labels = None if image is None else image.colours
    return None if labels is None else Colours.of(transfer=labels[1], primaries=labels[0])


def _is_grey(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


def _deep_values(path: Path, image: Image.Image) -> NDArray[Any] | None:
    """Samples of more than 8 bits: [H, W] upright, or [H, W, 3 or 4] as they are stored.

    None where only 8 bits can be read.
    """
    if _is_grey(image):
        image.load()
        values = np.asarray(image)
        if image.mode == "I" and _is_unsigned(image):
            values = values.view(np.uint32)
        key = image.info.get("transparency")
        if isinstance(key, int):
            values = np.where(values == key, 0, values).astype(values.dtype)
        return values
    kind = _FFMPEG_FORMATS.get(image.format or "")
    if kind is None or image.mode not in ("RGB", "RGBA", "LA"):
        return None
    return _by_ffmpeg(path, kind, "rgb48le" if image.mode == "RGB" else "rgba64le")


def _is_unsigned(image: Image.Image) -> bool:
    return bool(getattr(image, "tag_v2", {}).get(_SAMPLE_FORMAT, (1,))[0] == 1)


def _by_ffmpeg(path: Path, kind: str, layout: str) -> NDArray[Any] | None:
    """Pixels with 16 bits a channel, of which Pillow would keep 8."""
    import av
    import av.error

    try:
        with av.open(
            f"file:{path}", format=kind, options={"protocol_whitelist": "file"}
        ) as container:
            frame = next(container.decode(video=0))
            return frame.to_ndarray(format=layout)
    except (av.error.FFmpegError, StopIteration, ValueError):
        return None


def _shallow(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of 8 bits, laid over black where they are transparent."""
    image.load()
    if image.has_transparency_data:
        return over_black(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))
