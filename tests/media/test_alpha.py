"""Opacity of streams whose default decoders leave it out is laid over black."""

import av
import numpy as np
import pytest
from PIL import Image, features

from momentvos.media import Video

SIZE = (64, 96)
LEFT, RIGHT = (slice(8, 56), slice(4, 24)), (slice(8, 56), slice(72, 92))


def picture(number):
    """Green that brightens with the number; the left half is clear and red."""
    rgba = np.zeros((*SIZE, 4), np.uint8)
    rgba[..., 1], rgba[..., 3] = 100 + 4 * number, 255
    rgba[:, :48] = (255, 0, 0, 0)
    return rgba


def write(film, name, frames, codec, pix_fmt="yuva420p", **how):
    pictures = [
        av.VideoFrame.from_ndarray(picture(number), format="rgba").reformat(format=pix_fmt)
        for number in range(frames)
    ]
    return film(name, frames, codec=codec, pix_fmt=pix_fmt, size=SIZE, ready=pictures, **how)


def check(video, numbers, frames):
    for number, frame in zip(numbers, frames, strict=True):
        assert frame.index == number
        assert frame.rgb[LEFT].max() < 6, number
        green = frame.rgb[RIGHT].mean((0, 1))
        assert abs(green[1] - (100 + 4 * number)) < 6 and green[0] < 12


@pytest.mark.parametrize("name", ["vp9.webm", "vp8.webm", "vp9.mkv"])
def test_vp8_and_vp9(film, name):
    codec = "libvpx" if "vp8" in name else "libvpx-vp9"
    options = {"g": "12", "cpu-used": "8", "crf": "10", "b": "1M", "auto-alt-ref": "0"}
    path = write(film, name, 30, codec, options=options, metadata={"alpha_mode": "1"})
    video = Video.open(path)
    assert len(video) == 30 and video.notes == []
    check(video, range(30), video.frames())
    check(video, [3, 17, 29], video.read([3, 17, 29]))


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
def test_the_turn_of_the_container(film, codec):
    options = {"cpu-used": "8", "crf": "10", "b": "1M", "auto-alt-ref": "0"}
    labels = {"alpha_mode": "1"}
    path = write(film, "a.mkv", 3, codec, options=options, metadata=labels, rotation=90)
    video = Video.open(path)
    assert video.size == SIZE[::-1]
    for frame in video.frames():  # turned to the left: the left half is at the bottom
        assert frame.rgb[52:92, 8:56].max() < 6
        assert frame.rgb[4:44, 8:56, 1].min() > 90


def test_a_webm_without_opacity_keeps_its_decoder(film, monkeypatch):
    path = film("plain.webm", 5, codec="libvpx-vp9", options={"cpu-used": "8"})
    monkeypatch.setattr("momentvos.media.alpha._by_libvpx", None)
    assert len(list(Video.open(path).frames())) == 5


@pytest.mark.parametrize("pix_fmt", ["yuva444p10le"])
def test_prores(film, pix_fmt):
    video = Video.open(write(film, "a.mov", 3, "prores_ks", pix_fmt))
    check(video, range(3), video.frames())


@pytest.mark.parametrize("name", ["a.avif", "a.png"])
def test_animated_avif(tmp_path, name):
    if not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    images = [Image.fromarray(picture(number)) for number in range(6)]
    images[0].save(
        tmp_path / name,
        "AVIF",
        save_all=True,
        append_images=images[1:],
        duration=[100, 200, 50, 400, 30, 70],
        quality=90,
    )
    video = Video.open(tmp_path / name)
    assert video.times == pytest.approx([0, 0.1, 0.3, 0.35, 0.75, 0.78])
    assert video.duration == pytest.approx(0.85)
    check(video, range(6), video.frames())
    check(video, [2, 5], video.read([2, 5]))
