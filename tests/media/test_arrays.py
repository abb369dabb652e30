import numpy as np
import pytest

from momentvos.media import Video
from momentvos.media.arrays import ArrayVideo


@pytest.fixture
def rgb():
    return np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 6, 3), np.uint8)


def test_reads_as_a_file_does(rgb):
    video = ArrayVideo(rgb, fps=4, name="clip")
    assert (len(video), video.size, video.fps, str(video.path)) == (5, (4, 6), 4.0, "clip")
    assert video.times == [0, 0.25, 0.5, 0.75, 1.0] and video.durations == [0.25] * 5
    assert video.notes == [] and not video.has_audio
    assert Video.open(video) is video
    assert (video.facts.width, video.facts.height, video.facts.duration) == (6, 4, 1.25)
    assert [(frame.index, frame.time) for frame in video.frames(3)] == [(3, 0.75), (4, 1.0)]
    assert [frame.rgb[0, 0, 0] for frame in video.frames(1, 3)] == [1, 2]
    assert [frame.index for frame in video.read([0, 4])] == [0, 4]


@pytest.mark.parametrize(
    "frames",
    [np.zeros((4, 6, 3), np.uint8), np.zeros((5, 4, 6, 3)), np.zeros((0, 4, 6, 3), np.uint8)],
    ids=["one frame", "float", "no frame"],
)
def test_other_arrays_are_refused(frames):
    with pytest.raises(ValueError, match="uint8"):
        ArrayVideo(frames, fps=4)


def test_a_rate_of_zero_is_refused(rgb):
    with pytest.raises(ValueError, match="frames per second"):
        ArrayVideo(rgb, fps=0)
