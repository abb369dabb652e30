"""Files are read by their content; a wrong name is no obstacle."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from momentvos.errors import VideoError
from momentvos.media import Video
from momentvos.media.picture import FORMATS

NAMES = ["a.jpg", "a.png", "a.tif", "a.mp4", "a.mkv", "a.heic", "a.gif", "a"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_pictures(tmp_path, name, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    assert kind in FORMATS
    Image.fromarray(np.full((32, 64, 3), 99, np.uint8)).save(tmp_path / name, kind)
    video = Video.open(tmp_path / name)
    assert len(video) == 1 and video.size == (32, 64) and video.notes == []
    assert np.abs(next(video.frames()).rgb.astype(int) - 99).max() < 4


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.avif", "a.gif"])
@pytest.mark.parametrize(
    ("kind", "codec"), [("mp4", "libx264"), ("matroska", "ffv1"), ("avi", "mpeg4")]
)
def test_videos(film, number_of, name, kind, codec):
    layout = "yuv444p" if codec == "ffv1" else "yuv420p"
    video = Video.open(film(name, 5, kind=kind, codec=codec, pix_fmt=layout))
    assert [number_of(frame.rgb) for frame in video.frames()] == list(range(5))


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0", b"MM\0*"])
@pytest.mark.parametrize("rest", [b"", b"\0" * 40, b"\xff" * 40, b"\0\0\0\x20ftypavif" * 3])
def test_beginnings_alone(tmp_path, start, rest):
    path = tmp_path / "a.mp4"
    path.write_bytes(start + rest)
    with pytest.raises(VideoError, match=r"a\.mp4") as caught:
        Video.open(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("brand", [b"avif", b"heic", b"mif1", b"avis"])
@pytest.mark.parametrize("rest", [b"", b"\0\0\0\x08meta", b"\0\0\0\0meta", b"\0\0\xff\xffmeta\0\0"])
def test_boxes_that_are_damaged(tmp_path, brand, rest):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\0\0\x14ftyp" + brand + b"\0\0\0\0" + brand + rest)
    with pytest.raises(VideoError, match=r"a\.jpg") as caught:
        list(Video.open(path).frames())
    assert "\n" not in str(caught.value)


def encoded(kind):
    """Bytes of small pictures that move where the format can, or have 16 bits."""
    grey = np.arange(16 * 24, dtype=np.uint16).reshape(16, 24) * 170
    out, images = io.BytesIO(), [Image.fromarray(grey)]
    how = {}
    if kind in ("WEBP", "AVIF", "GIF", "JPEG"):
        images = [Image.new("RGBA", (24, 16), (9 * n, 99, 0, 40 * n)) for n in range(1, 4)]
        how = {"save_all": True, "append_images": images[1:], "duration": 50}
    if kind == "JPEG":
        images, how = [images[0].convert("CMYK")], {}
    images[0].save(out, kind, **how)
    return out.getvalue()


@settings(max_examples=150)
@given(
    st.sampled_from(["WEBP", "TIFF", "PNG", "JPEG", "GIF"] + ["AVIF"] * features.check("avif")),
    st.sampled_from([".jpg", ".png", ".mp4"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0.1, 1),
)
def test_any_damage_gives_pictures_or_a_sentence(tmp_path_factory, kind, suffix, changes, share):
    data = bytearray(encoded(kind))
    for place, value in changes:
        data[int(place * len(data))] = value
    path = tmp_path_factory.getbasetemp() / f"hurt{suffix}"
    path.write_bytes(data[: int(share * len(data))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            video = Video.open(path)
            shapes = {frame.rgb.shape for frame in video.frames()}
        except VideoError as error:
            assert "\n" not in str(error)
        else:
            assert shapes == {(*video.size, 3)}
