"""Small pictures and animations of every format that is read, written when they are needed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tests.media.test_tiles import avif, heic, tiled

if TYPE_CHECKING:
    from PIL.Image import Image

Writer = Callable[[Path], object]
_ORIENTATION = 0x0112


def photo(number: int = 0, mode: str = "RGB") -> Image:
    """A picture of 64 x 48 pixels; with "RGBA" a half of it is transparent."""
    from PIL import Image

    rows, columns = np.mgrid[:48, :64]
    planes = [rows * 5, columns * 3, rows + columns + 40 * number, columns * 4]
    pixels = np.stack(planes, -1).astype(np.uint8)
    return Image.fromarray(pixels if mode == "RGBA" else pixels[..., :3]).convert(mode)


def _saved(mode: str = "RGB", **how: object) -> Writer:
    return lambda path: photo(0, mode).save(path, **how)


def _turned(orientation: int) -> Writer:
    def write(path: Path) -> None:
        from PIL import Image

        tags = Image.Exif()
        tags[_ORIENTATION] = orientation
        photo().save(path, exif=tags)

    return write


def _moving(mode: str = "RGB", **how: object) -> Writer:
    def write(path: Path) -> None:
        images = [photo(number, mode) for number in range(4)]
        images[0].save(path, save_all=True, append_images=images[1:], duration=80, **how)

    return write


def _deep(path: Path) -> None:
    from PIL import Image

    Image.fromarray((np.arange(48 * 64, dtype=np.uint16) * 21).reshape(48, 64)).save(path)


def _deep_colours(path: Path) -> None:
    import av

    layout = "rgb48be" if path.suffix == ".png" else "rgb48le"
    pixels = np.repeat((np.arange(48 * 64, dtype=np.uint16) * 21).reshape(48, 64, 1), 3, 2)
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as target:
        stream = target.add_stream("png" if path.suffix == ".png" else "tiff", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, layout
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
        target.mux(stream.encode(frame.reformat(format=layout)))
        target.mux(stream.encode(None))


def _heic() -> bytes:
    out = io.BytesIO()
    heic(photo(), out)
    return out.getvalue()


def _tiles(path: Path) -> None:
    save, kind = (avif, b"av01") if path.suffix == ".avif" else (heic, b"hvc1")
    path.write_bytes(tiled(photo().resize((128, 128)), 2, 2, save, kind))


PICTURES: dict[str, dict[str, Writer]] = {
    "jpeg": {"plain.jpg": _saved(), "turned.jpg": _turned(6), "grey.jpg": _saved("L")},
    "png": {
        "plain.png": _saved(),
        "clear.png": _saved("RGBA"),
        "palette.png": _saved("P"),
        "deep.png": _deep,
        "deep-colours.png": _deep_colours,
    },
    "tiff": {
        "plain.tif": _saved(),
        "turned.tif": _turned(6),
        "mirrored.tif": _turned(7),
        "packed.tif": _saved(compression="tiff_lzw"),
        "deep.tif": _deep,
        "deep-colours.tif": _deep_colours,
    },
    "webp": {"plain.webp": _saved("RGBA"), "moving.webp": _moving("RGBA")},
    "gif": {"still.gif": _saved("P"), "moving.gif": _moving(loop=0)},
    "apng": {"moving.png": _moving("RGBA"), "%03d.png": _moving()},
    "avif": {"plain.avif": _saved(), "moving.avif": _moving("RGBA"), "tiles.avif": _tiles},
    "heic": {"plain.heic": lambda path: path.write_bytes(_heic()), "tiles.heic": _tiles},
    "bitmap": {"plain.bmp": _saved(), "plain.ppm": _saved()},
}
"""Names of files and how they are written, by kind."""
