"""Exif that is damaged or behind the pixels."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from momentvos.media import Video
from momentvos.media.orientation import turned

BROKEN = [
    b"",
    b"nonsense",
    b"II*\0\xff\xff\xff\xff",
    b"II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\x01\0\0\0",
    b"II*\0\x08\0\0\0\x01\0" + struct.pack("<2HI4s", 0x0112, 2, 4, b"six\0") + b"\0\0\0\0",
    b"II*\0\x08\0\0\0\x01\0" + struct.pack("<2H2I", 0x0112, 3, 1, 77) + b"\0\0\0\0",
    b"II*\0\x08\0\0\0\x01\0" + struct.pack("<2H2I", 0x0112, 3, 0, 6) + b"\0\0\0\0",
]


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_damaged_exif_is_as_none(tmp_path, kind, content):
    path = tmp_path / f"a.{kind.lower()}"
    exif = content if kind == "PNG" else b"Exif\0\0" + content
    Image.new("RGB", (64, 32), (200, 50, 25)).save(path, kind, exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        video = Video.open(path)
        rgb = next(video.frames()).rgb
    assert video.size == (32, 64) == rgb.shape[:2]
    assert np.abs(rgb.astype(int) - (200, 50, 25)).max() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_behind_the_pixels_of_a_png(tmp_path, orientation):
    out = io.BytesIO()
    pixels = np.arange(32 * 64 * 3, dtype=np.uint8).reshape(32, 64, 3)
    Image.fromarray(pixels).save(out, "PNG")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    png = out.getvalue()
    place = png.index(b"IEND") - 4
    path = tmp_path / "a.png"
    path.write_bytes(png[:place] + chunk + png[place:])
    video = Video.open(path)
    rgb = next(video.frames()).rgb
    assert video.size == rgb.shape[:2]
    assert np.array_equal(rgb, turned(pixels, orientation))


def test_turns():
    pixels = np.array([[1, 2, 3], [4, 5, 6]])
    expected = {
        1: [[1, 2, 3], [4, 5, 6]],
        2: [[3, 2, 1], [6, 5, 4]],
        3: [[6, 5, 4], [3, 2, 1]],
        4: [[4, 5, 6], [1, 2, 3]],
        5: [[1, 4], [2, 5], [3, 6]],
        6: [[4, 1], [5, 2], [6, 3]],
        7: [[6, 3], [5, 2], [4, 1]],
        8: [[3, 6], [2, 5], [1, 4]],
    }
    for orientation, upright in expected.items():
        assert turned(pixels, orientation).tolist() == upright
