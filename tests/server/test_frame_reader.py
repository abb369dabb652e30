"""Frames as pictures: exact in any order, and quick where they lie beside the last one."""

import io
import random
import shutil

import av
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.errors import FrameIndexError
from momentvos.media.video import Video
from momentvos.server import frame_reader
from momentvos.server.frame_reader import BESIDE, FrameReader

LENGTH, KEYS = 90, 40
"""Frames, and frames from one keyframe to the next."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A clip with few keyframes and frames that are decoded out of their order."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        options = {"g": str(KEYS), "keyint_min": str(KEYS), "sc_threshold": "0", "bf": "2"}
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(LENGTH):
            rgb = noise.integers(0, 255, (48, 64, 3)).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return str(path)


@pytest.fixture(scope="module")
def frames(clip):
    return [frame.rgb for frame in Video.open(clip).frames()]


@pytest.fixture
def decoded(monkeypatch):
    """Numbers of frames that are read, as `Video.lazily` is asked for them."""
    numbers = []
    lazily = Video.lazily

    def noted(self, indices):
        def note():
            for number in indices:
                numbers.append(number)
                yield number

        return lazily(self, note())

    monkeypatch.setattr(Video, "lazily", noted)
    return numbers


def pixels(content):
    return np.array(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("held", [1, 5, 1000])
def test_every_frame_is_exact_in_any_order(clip, frames, monkeypatch, held):
    monkeypatch.setattr(frame_reader, "HELD", held * 3 * 48 * 64)
    reader, drawn = FrameReader(), random.Random(0)
    order = drawn.choices(range(LENGTH), k=60) + list(range(70, 20, -1)) + [0, 1, 2, 89, 88, 0]
    for number in order:
        np.testing.assert_array_equal(
            pixels(reader.picture(clip, number, "png", None)), frames[number]
        )
        for _ in range(drawn.randrange(4)):
            reader.ahead()


def test_a_step_back_decodes_nothing(clip, decoded):
    reader = FrameReader()
    reader.picture(clip, 75, "png", None)
    assert decoded == list(range(KEYS, 76))  # since its keyframe, once
    for number in range(74, KEYS - 1, -1):
        reader.picture(clip, number, "png", None)
    assert decoded == list(range(KEYS, 76))


def test_forward_nothing_is_decoded_twice_and_far_away_nothing_between(clip, decoded):
    reader = FrameReader()
    for number in (3, 9, 10, 85):
        reader.picture(clip, number, "png", None)
    assert decoded == [*range(11), *range(80, 86)]


def test_frames_held_are_bounded(clip, decoded, monkeypatch):
    monkeypatch.setattr(frame_reader, "HELD", 4 * 3 * 48 * 64)
    reader = FrameReader()
    reader.picture(clip, 39, "png", None)
    assert decoded == [36, 37, 38, 39]  # what comes before is decoded and never held
    (walk,) = reader._walks.values()
    assert list(walk.held) == decoded


def test_while_nobody_asks_frames_on_both_sides_become_the_same_pictures(clip):
    reader, other = FrameReader(), FrameReader()
    assert not reader.ahead()
    reader.picture(clip, 60, "jpeg", 32)
    made = 0
    while reader.ahead():
        made += 1
    assert made == 2 * BESIDE
    ready = {asked.number for asked in reader._ready}
    assert ready == set(range(60 - 20, 60)) | set(range(61, 60 + BESIDE + 1))  # from the keyframe
    walk = reader._walks.pop(clip)
    walk.at = None  # nothing can be decoded
    reader._walks[clip] = walk
    for number in (61, 59, 40, 84):
        assert reader.picture(clip, number, "jpeg", 32) == other.picture(clip, number, "jpeg", 32)


def test_pictures_that_are_ready_are_bounded(clip, monkeypatch):
    monkeypatch.setattr(frame_reader, "READY", 30_000)
    reader = FrameReader()
    reader.picture(clip, 60, "png", None)
    while reader.ahead():
        pass
    kept = [len(content) for content in reader._ready.values()]
    assert 0 < sum(kept) <= 30_000
    assert reader._size == sum(kept)


def test_slow_pictures_are_not_made_ahead(clip, monkeypatch):
    monkeypatch.setattr(frame_reader, "QUICK", 0.0)
    reader = FrameReader()
    reader.picture(clip, 60, "png", None)
    assert not reader.ahead()


def test_only_the_video_that_was_asked_for_last_holds_frames(clip, tmp_path):
    other = tmp_path / "other.mp4"
    shutil.copy(clip, other)
    reader = FrameReader()
    reader.picture(clip, 60, "png", None)
    reader.picture(str(other), 60, "png", None)
    assert [len(walk.held) for walk in reader._walks.values()] == [0, 21]


def test_pictures_that_are_no_video_file_are_frames_too(tmp_path, frames):
    for number in range(3):
        Image.fromarray(frames[number]).save(tmp_path / f"{number}.png")
    reader = FrameReader()
    for number in (2, 0, 1):
        np.testing.assert_array_equal(
            pixels(reader.picture(str(tmp_path), number, "png", None)), frames[number]
        )


def test_after_an_error_others_are_read(clip, frames):
    reader = FrameReader()
    reader.picture(clip, 3, "png", None)
    with pytest.raises(FrameIndexError):
        reader.picture(clip, LENGTH, "png", None)
    np.testing.assert_array_equal(pixels(reader.picture(clip, 4, "png", None)), frames[4])
