"""Predictions about small videos, and an `export` that finds the exporters of this tree."""

from pathlib import Path

import numpy as np
import pytest

from momentvos import Moment, Prediction
from momentvos.masklet import Masklet
from momentvos.media import Video, VideoWriter

SIZE, LENGTH = (48, 64), 8
NASTY = 'the "dog" & <cat>;\n=1+1, jumps — 跳 🐕'


def disc(frame, size=SIZE):
    """A disc that moves to the right, by frame number; touches no border."""
    y, x = np.mgrid[: size[0], : size[1]]
    return (y - size[0] / 2) ** 2 + (x - size[1] / 4 - 3 * frame) ** 2 < (size[0] / 4) ** 2


@pytest.fixture
def make():
    """A prediction about any open video; masks: by frame."""

    def prediction(video, sentence="the disc", spans=((2, 5),), masks=None, found=True):
        masklet = Masklet(video.size)
        for frame, mask in (masks or {}).items():
            masklet.set(frame, mask)
        moment = Moment(spans)
        relevance = tuple(float(frame in moment) for frame in range(len(video)))
        seconds = tuple(moment.seconds(video.times, video.durations))
        presence = 0.9 if found else 0.1
        return Prediction(
            video.facts,
            sentence,
            "test-model",
            found,
            presence,
            moment,
            seconds,
            relevance,
            relevance,
            masklet,
        )

    return prediction


@pytest.fixture
def write_video(tmp_path):
    """Write a video whose frames have different colours."""

    def write(name="clip.mp4", size=SIZE, length=LENGTH, fps=8, **how):
        with VideoWriter(tmp_path / name, size, fps, **how) as writer:
            for frame in range(length):
                rgb = np.full((*size, 3), 60 + 15 * (frame % 10), np.uint8)
                rgb[:, : size[1] // 2, 0] = 200
                writer.write(rgb)
        return Video.open(tmp_path / name)

    return write


@pytest.fixture
def video(write_video):
    return write_video()


@pytest.fixture
def prediction(make, video):
    """A disc that is there in frames 1 to 6; the sentence holds in 2 to 5."""
    return make(video, masks={frame: disc(frame) for frame in range(1, 7)})


@pytest.fixture
def nothing(make, video):
    return make(video, "the cat", (), {}, found=False)


@pytest.fixture
def several(make, prediction, nothing, write_video):
    """Three sentences about one video, one of them nasty and one in vain, and one about another."""
    other = write_video("other/clip.mp4".replace("/", "-"), (34, 46), 5, 25)
    small = {frame: disc(0, (34, 46)) for frame in (0, 2, 3)}
    nasty = make(
        Video.open(prediction.video.path), NASTY, ((0, 0), (7, 7)), {0: disc(2), 7: disc(5)}
    )
    return [prediction, nasty, nothing, make(other, "the disc", ((2, 3),), small)]


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path
