"""Two images of one name are a frame and something about it."""

import numpy as np
import pytest
from PIL import Image

from momentvos.errors import VideoError
from momentvos.media import Video


@pytest.fixture
def save(tmp_path):
    def make(name, level=200, size=(32, 64)):
        Image.fromarray(np.full((*size, 3), level, np.uint8)).save(tmp_path / name)

    return make


@pytest.mark.parametrize("photo", ["jpg", "JPG", "jpeg", "webp"])
@pytest.mark.parametrize("mask", ["png", "PNG", "bmp", "tif"])
def test_the_photo_wins(tmp_path, save, photo, mask):
    for number in range(3):
        save(f"0000{number}.{photo}", 200)
        save(f"0000{number}.{mask}", 30)
    video = Video.open(tmp_path, fps=8)
    assert len(video) == 3 and video.times == [0, 0.125, 0.25]
    assert all(abs(int(frame.rgb[4, 4, 0]) - 200) < 4 for frame in video.frames())
    assert video.notes == [f"left out: 3 images with the name of a photo, such as '00000.{mask}'"]


def test_masks_of_another_size_do_not_matter(tmp_path, save):
    save("1.jpg")
    save("1.png", 0, (16, 16))
    save("2.jpg")
    video = Video.open(tmp_path)
    assert len(video) == 2 and "'1.png'" in video.notes[0]


@pytest.mark.parametrize(("one", "two"), [("png", "tif"), ("jpeg", "jpg"), ("jpg", "webp")])
def test_what_does_not_decide_is_refused(tmp_path, save, one, two):
    save(f"1.{one}")
    save(f"1.{two}")
    with pytest.raises(VideoError, match=rf"'1\.{one}' and '1\.{two}'.* move the others"):
        Video.open(tmp_path)


def test_mixed_formats_are_all_frames_with_a_note(tmp_path, save):
    save("1.jpg")
    save("2.png")
    video = Video.open(tmp_path)
    assert len(video) == 2
    assert video.notes == ["the folder mixes formats (1 jpg and 1 png): every image is a frame"]


def test_two_spellings_of_a_format_are_no_mix(tmp_path, save):
    save("1.jpg")
    save("2.JPEG")
    assert Video.open(tmp_path).notes == []
