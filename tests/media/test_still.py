"""Pixels of pictures in the modes that photos and frames come in."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from momentvos.media import Video

BARS = np.repeat([[(200, 50, 25), (20, 180, 40), (30, 60, 220), (128, 128, 128)]], 32, 0)
PIXELS = np.repeat(BARS, 16, 1).astype(np.uint8)


def rgb_of(path):
    return next(Video.open(path).frames()).rgb.astype(int)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk(tmp_path, suffix):
    """Also the inverted one of Adobe, which Pillow writes as JPEG."""
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PIXELS).convert("CMYK").save(
        path, **({"quality": 98} if suffix == "jpg" else {})
    )
    assert np.abs(rgb_of(path) - PIXELS).mean() < 3


def test_ycck(tmp_path):
    """Adobe's transform 2: C, M and Y are coded as Y'CbCr, and K is inverted."""
    path = tmp_path / "a.jpg"
    cmyk = np.asarray(Image.fromarray(PIXELS).convert("CMYK"))
    ycc = np.asarray(Image.fromarray(np.ascontiguousarray(cmyk[..., :3])).convert("YCbCr"))
    planes = Image.fromarray(np.dstack([255 - ycc, cmyk[..., 3]]), "CMYK")
    planes.save(path, quality=98, subsampling=0)
    data = path.read_bytes()
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    path.write_bytes(data[:place] + b"\2" + data[place + 1 :])
    assert np.abs(rgb_of(path) - PIXELS).mean() < 3


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_and_clear_entries(tmp_path, bits):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.paste(1, (4, 0, 8, 8))
    image.save(tmp_path / "a.png", transparency=bytes([255, 128]), bits=bits)
    rgb = rgb_of(tmp_path / "a.png")
    assert rgb[3, 1].tolist() == [10, 20, 30] and rgb[3, 6].tolist() == [100, 50, 25]


def test_other_clear_pictures(tmp_path):
    half = np.dstack([np.full((4, 4), 200, np.uint8), np.full((4, 4), 128, np.uint8)])
    Image.fromarray(half, "LA").save(tmp_path / "la.png")
    assert rgb_of(tmp_path / "la.png")[0, 0].tolist() == [100] * 3
    Image.new("RGB", (4, 4), (9, 8, 7)).save(tmp_path / "key.png", transparency=(9, 8, 7))
    assert not rgb_of(tmp_path / "key.png").any()
    Image.new("RGBA", (4, 4), (200, 100, 50, 128)).save(tmp_path / "a.webp", lossless=True)
    assert rgb_of(tmp_path / "a.webp")[0, 0].tolist() == [100, 50, 25]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiffs(tmp_path, compression, big):
    Image.fromarray(PIXELS).save(tmp_path / "a.tif", compression=compression, big_tiff=big)
    assert np.array_equal(rgb_of(tmp_path / "a.tif"), PIXELS)


@pytest.mark.parametrize("layout", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize(("transfer", "grey"), [(1, 148), (16, 230)])
def test_avif_of_ffmpeg(tmp_path, layout, transfer, grey):
    path = tmp_path / "a.avif"
    if "libsvtav1" not in av.codecs_available:
        pytest.skip("this FFmpeg writes no AV1")
    with av.open(str(path), "w", format="avif") as target:
        stream = target.add_stream("libsvtav1", rate=1, options={"crf": "5"})
        stream.width = stream.height = 64
        stream.pix_fmt = layout
        context = stream.codec_context
        primaries = matrix = 9 if transfer == 16 else 1
        context.color_trc, context.color_primaries, context.colorspace = transfer, primaries, matrix
        pixels = np.full((64, 64, 3), round(0.58069 * 65535), np.uint16)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
        frame = frame.reformat(format=layout, dst_colorspace=matrix, dst_color_range=1)
        frame.color_trc, frame.color_primaries = transfer, primaries
        frame.pts, frame.time_base = 0, Fraction(1)
        target.mux([*stream.encode(frame), *stream.encode(None)])
    video = Video.open(path)
    assert video.notes == (["HDR (PQ) was mapped to SDR"] if transfer == 16 else [])
    assert np.abs(rgb_of(path) - grey).max() <= 3
