import numpy as np
import pytest
from PIL import Image

from momentvos.errors import VideoError
from momentvos.media import Video

STEPS = [100, 200, 50, 400, 30]


def write(path, kind, painted, steps=STEPS, **how):
    images = [Image.fromarray(painted(number)) for number in range(len(steps))]
    images[0].save(path, kind, save_all=True, append_images=images[1:], duration=steps, **how)
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.jpg", "a.mp4", "a"])
@pytest.mark.parametrize("kind", ["WEBP", "GIF", "PNG"])
def test_times_and_pictures_whatever_the_name(tmp_path, painted, number_of, kind, name):
    how = {"lossless": True} if kind == "WEBP" else {}
    video = Video.open(write(tmp_path / name, kind, painted, **how))
    assert video.times == pytest.approx([0, 0.1, 0.3, 0.35, 0.75])
    assert video.durations == pytest.approx([step / 1000 for step in STEPS])
    assert video.size == (32, 64) and video.notes == [] and not video.has_audio
    assert [number_of(frame.rgb) for frame in video.frames()] == list(range(5))
    assert [number_of(frame.rgb) for frame in video.read([1, 4])] == [1, 4]
    assert video.fps == pytest.approx(5 / 0.78, rel=0.3)


@pytest.mark.parametrize("name", ["%03d.png", "x%d.gif", "100%.png", "%02d/a%3d.png"])
def test_a_name_with_a_pattern_is_a_file(tmp_path, painted, number_of, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    for number in range(3):
        Image.new("RGB", (64, 32)).save(path.parent / f"{number:03}.png")
        Image.new("RGB", (64, 32)).save(path.parent / f"x{number}.gif")
    kind = "GIF" if path.suffix == ".gif" else "PNG"
    video = Video.open(write(path, kind, painted))
    assert video.times == pytest.approx([0, 0.1, 0.3, 0.35, 0.75])
    assert [number_of(frame.rgb) for frame in video.frames()] == list(range(5))


def test_frames_without_duration_take_a_tenth_of_a_second(tmp_path, painted):
    video = Video.open(write(tmp_path / "a.webp", "WEBP", painted, [0, 10, 40], lossless=True))
    assert video.times == pytest.approx([0, 0.1, 0.2]) and video.duration == pytest.approx(0.24)


def test_clear_frames_are_over_black(tmp_path):
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    half = Image.new("RGBA", (16, 16), (200, 100, 0, 128))
    clear.save(tmp_path / "a.webp", save_all=True, append_images=[half], lossless=True)
    first, second = (frame.rgb for frame in Video.open(tmp_path / "a.webp").frames())
    assert not first.any() and second[5, 5].tolist() == [100, 50, 0]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.98])
def test_truncated_ones_are_named(tmp_path, painted, share):
    path = write(tmp_path / "a.webp", "WEBP", painted, lossless=True)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(VideoError, match=r"a\.webp"):
        list(Video.open(path).frames())


def test_a_still_webp_is_one_picture(tmp_path):
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(tmp_path / "a.mkv", "WEBP")
    video = Video.open(tmp_path / "a.mkv")
    assert len(video) == 1 and video.duration == 1.0
