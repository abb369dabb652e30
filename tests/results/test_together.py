"""One overlay of several predictions, as a file."""

import numpy as np
import pytest
from PIL import Image

from momentvos import Moment, Prediction, Video
from momentvos.errors import OutputError
from momentvos.masklet import Masklet
from momentvos.media import VideoWriter
from momentvos.results.together import save_together

SIZE, LENGTH = (96, 128), 6


@pytest.fixture
def video(tmp_path):
    with VideoWriter(tmp_path / "clip.mp4", SIZE, fps=6) as writer:
        for _ in range(LENGTH):
            writer.write(np.full((*SIZE, 3), 100, np.uint8))
    return Video.open(tmp_path / "clip.mp4")


def answers(video, places=(20, 80)):
    made = []
    for place in places:
        masklet, moment = Masklet(video.size), Moment([(0, len(video) - 1)])
        for frame in range(len(video)):
            mask = np.zeros(video.size, bool)
            mask[40:60, place : place + 20] = True
            masklet.set(frame, mask)
        ones = (1.0,) * len(video)
        seconds = tuple(moment.seconds(video.times, video.durations))
        made.append(
            Prediction(
                video.facts, f"at {place}", "test", True, 0.9, moment, seconds, ones, ones, masklet
            )
        )
    return made


def test_every_object_is_drawn(video, tmp_path):
    seen = []
    path = save_together(
        answers(video), tmp_path / "out", video, "fill", lambda *done: seen.append(done)
    )
    assert path == tmp_path / "out" / "overlay.mp4"
    assert seen == [(n + 1, LENGTH) for n in range(LENGTH)]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["overlay.mp4"]
    for frame in Video.open(path).frames():
        one, two, between = (frame.rgb[50, x].astype(int) for x in (30, 90, 65))
        assert abs(between - 100).max() < 8
        assert min(abs(one - 100).max(), abs(two - 100).max(), abs(one - two).max()) > 30


def test_of_one_picture_it_is_a_picture(tmp_path):
    Image.fromarray(np.full((*SIZE, 3), 100, np.uint8)).save(tmp_path / "photo.png")
    video = Video.open(tmp_path / "photo.png")
    path = save_together(answers(video), tmp_path / "out", video)
    assert path.name == "overlay.png" and Image.open(path).width == 128
    assert [entry.name for entry in path.parent.iterdir()] == ["overlay.png"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_earlier_overlay_stays_when_it_breaks_off(video, tmp_path, error):
    predictions = answers(video)
    predictions[0].save(tmp_path / "out" / "01", video=video)
    path = save_together(predictions, tmp_path / "out", video)
    before = path.read_bytes()

    def stop(done, total):
        if done == 3:
            raise error

    with pytest.raises(error):
        save_together(predictions, tmp_path / "out", video, "blur", stop)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["01", "overlay.mp4"]


def test_what_belongs_to_others_is_refused(video, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "overlay.mp4").write_bytes(b"mine")
    with pytest.raises(OutputError, match="belongs to no earlier result"):
        save_together(answers(video), tmp_path / "out", video)
    one = answers(video)[0]
    one.save(tmp_path / "single", video=video)
    with pytest.raises(OutputError, match="results of one sentence"):
        save_together(answers(video), tmp_path / "single", video)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file"):
        save_together(answers(video), tmp_path / "file" / "out", video)
