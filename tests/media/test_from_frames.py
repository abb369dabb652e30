"""Frames as programs have them: arrays, tensors, Pillow images, generators."""

import gc
from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image

from momentvos.errors import MomentVOSError, VideoError
from momentvos.media import Video


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (7, 12, 17, 3), dtype=np.uint8)


def read(video):
    return np.stack([frame.rgb for frame in video.frames()])


def tensor(rgb):
    return torch.from_numpy(rgb).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    "form",
    [
        lambda rgb: rgb,
        lambda rgb: np.moveaxis(rgb, -1, 1),
        lambda rgb: rgb.astype(np.float32) / 255,
        lambda rgb: torch.from_numpy(rgb),
        tensor,
        lambda rgb: tensor(rgb).float() / 255,
        lambda rgb: (tensor(rgb).double() / 255).requires_grad_(),
        list,
        lambda rgb: [Image.fromarray(frame) for frame in rgb],
        lambda rgb: [tensor(rgb)[k] for k in range(len(rgb))],
        lambda rgb: (frame for frame in rgb),
        lambda rgb: Video.from_frames(rgb, 8).frames(),
        lambda rgb: iter([tensor(rgb)[k].float() / 255 for k in range(len(rgb))]),
    ],
)
def test_every_form_gives_the_same_pixels(rgb, form):
    video = Video.from_frames(form(rgb), 8)
    assert np.array_equal(read(video), rgb)
    assert (len(video), video.size, video.fps, str(video.path)) == (7, (12, 17), 8.0, "memory")
    assert video.times == [k / 8 for k in range(7)] and video.durations == [1 / 8] * 7
    assert video.is_here and not video.has_audio and video.notes == []
    assert [frame.index for frame in video.read([1, 5])] == [1, 5]


def test_an_array_of_bytes_is_not_copied(rgb):
    (frame,) = Video.from_frames(rgb, 8).read([2])
    assert np.shares_memory(frame.rgb, rgb)


def test_a_generator_is_read_once_with_one_frame_in_memory_and_its_file_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    alive, most = 0, 0

    class Counted(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= 1

    def frames():
        nonlocal alive, most
        for number in range(50):
            alive += 1
            most = max(most, alive)
            yield np.full((32, 40, 3), number, np.uint8).view(Counted)

    video = Video.from_frames(frames(), Fraction(30000, 1001))
    assert most <= 6
    assert len(list(tmp_path.iterdir())) == 1
    assert [int(frame.rgb[0, 0, 0]) for frame in video.read([3, 40, 49])] == [3, 40, 49]
    assert video.times[30] == pytest.approx(1.001)
    del video
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_fails_says_so_itself_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def frames():
        yield np.zeros((8, 8, 3), np.uint8)
        raise RuntimeError("the camera is gone")

    with pytest.raises(RuntimeError, match="camera"):
        Video.from_frames(frames(), 8)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said(monkeypatch):
    usage = type("Usage", (), {"free": 1})
    monkeypatch.setattr("momentvos.media.spooled_frames.shutil.disk_usage", lambda path: usage)
    with pytest.raises(VideoError, match="TMPDIR"):
        Video.from_frames((np.zeros((8, 8, 3), np.uint8) for _ in range(3)), 8)


def test_grey_and_transparent_frames():
    grey = np.full((6, 9), 77, np.uint8)
    clear = Image.new("RGBA", (9, 6), (200, 100, 0, 0))
    video = Video.from_frames([grey, clear], 1)
    first, second = read(video)
    assert (first == 77).all() and (second == 0).all()
    assert len(Video.open(Image.new("RGB", (9, 6)))) == 1


def test_frames_without_a_rate_have_24_and_a_note(rgb):
    video = Video.open(rgb)
    assert video.fps == 24 and "24" in video.notes[0]
    assert Video.open(video) is video


WRONG = {
    "nothing": None,
    "a number": 3,
    "a mapping": {0: np.zeros((4, 5, 3), np.uint8)},
    "a set": {1, 2},
    "no frame": [],
    "an empty generator": iter(()),
    "a path": "clip.mp4",
    "bytes": b"clip",
    "one frame": np.zeros((40, 50, 3), np.uint8),
    "five axes": np.zeros((1, 2, 40, 50, 3), np.uint8),
    "an empty array": np.zeros((0, 40, 50, 3), np.uint8),
    "four channels": np.zeros((2, 40, 50, 4), np.uint8),
    "which axis is colour": np.zeros((2, 3, 50, 3), np.uint8),
    "whole numbers": np.zeros((2, 40, 50, 3), np.int64),
    "truth values": np.zeros((2, 40, 50, 3), bool),
    "objects": np.full((2, 40, 50, 3), None),
    "floats to 255": np.full((2, 40, 50, 3), 255.0),
    "normalised": torch.full((2, 3, 40, 50), -1.0),
    "not a number": np.full((2, 40, 50, 3), np.nan),
    "sizes that differ": [np.zeros((4, 5, 3), np.uint8), np.zeros((5, 5, 3), np.uint8)],
    "no array": [[[0, 0, 0]]],
    "deep": [Image.new("I;16", (4, 4))],
}


@pytest.mark.parametrize("frames", WRONG.values(), ids=WRONG)
def test_what_is_ambiguous_or_no_video_is_refused(frames):
    with pytest.raises(VideoError) as caught:
        Video.from_frames(frames, 8)
    assert str(caught.value).endswith((".", "]")) and len(str(caught.value)) > 20


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), None, "8", True, [8], 1e9])
def test_a_rate_is_a_positive_number(rgb, fps):
    with pytest.raises(VideoError, match="frame"):
        Video.from_frames(rgb, fps)


def test_a_folder_without_frames_and_no_path(tmp_path):
    for path in (tmp_path, tmp_path / "none.mp4", None, b"x", 3, {}):
        with pytest.raises(VideoError):
            Video.open(path)


def test_frames_of_a_video_by_number(rgb):
    video = Video.from_frames(rgb, 8)
    for wanted in ([7], [-1], [2, 1], ["1"], [1.5], 3):
        with pytest.raises(IndexError) as caught:
            list(video.read(wanted))
        assert isinstance(caught.value, MomentVOSError)
