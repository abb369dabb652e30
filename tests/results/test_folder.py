import json
import os
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from momentvos import Moment, Prediction
from momentvos.errors import OutputError, VideoError
from momentvos.masklet import Masklet
from momentvos.media import Video, VideoWriter
from momentvos.results.folder import save_prediction

RESULTS = ["masks", "overlay.mp4", "prediction.json", "timeline.png"]
LENGTH, SIZE = 8, (96, 128)


@pytest.fixture
def video(tmp_path):
    """Eight grey frames of 128 x 96."""
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, SIZE, fps=8) as writer:
        for _ in range(LENGTH):
            writer.write(np.full((*SIZE, 3), 100, np.uint8))
    return Video.open(path)


def square(frame):
    mask = np.zeros(SIZE, bool)
    mask[34:50, 20 + 4 * frame : 40 + 4 * frame] = True
    return mask


@pytest.fixture
def prediction(video):
    masklet, moment = Masklet(SIZE), Moment([(2, 5)])
    for frame in moment.frames():
        masklet.set(frame, square(frame))
    relevance = tuple(float(frame in moment) for frame in range(LENGTH))
    seconds = tuple(moment.seconds(video.times, video.durations))
    return Prediction(
        video.facts, "the square", "test", True, 0.9, moment, seconds, relevance, relevance, masklet
    )


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def state(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def renamed(prediction, sentence):
    return Prediction(**{**vars(prediction), "sentence": sentence})


class Stop:
    """Progress that raises at a frame."""

    def __init__(self, error, at=4):
        self.error, self.at = error, at

    def __call__(self, done, total):
        if done == self.at:
            raise self.error


def test_everything_is_there(prediction, video, tmp_path):
    seen = []
    out = save_prediction(
        prediction, tmp_path / "a" / "out", video, lambda done, total: seen.append((done, total))
    )
    assert out == tmp_path / "a" / "out"
    assert entries(out) == RESULTS
    assert entries(out.parent) == ["out"]
    assert Prediction.load(out) == prediction
    assert seen == [(n + 1, LENGTH) for n in range(LENGTH)]
    assert Image.open(out / "timeline.png").format == "PNG"
    overlay = Video.open(out / "overlay.mp4")
    assert overlay.size[0] > SIZE[0] and overlay.size[1] == SIZE[1]  # a panel below
    assert overlay.times == video.times
    assert out.stat().st_mode & 0o777 == 0o777 & ~_umask()
    assert (out / "overlay.mp4").stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_masks_are_indexed_pictures(prediction, tmp_path):
    out = prediction.save(tmp_path / "out")
    assert entries(out / "masks") == [f"{n:05d}.png" for n in range(LENGTH)]
    for frame in range(LENGTH):
        image = Image.open(out / "masks" / f"{frame:05d}.png")
        assert image.mode == "P"
        expected = square(frame) if 2 <= frame <= 5 else np.zeros(SIZE, bool)
        assert np.array_equal(np.asarray(image), expected.astype(np.uint8))


def test_the_overlay_shows_the_mask_where_and_when_it_is(prediction, video, tmp_path):
    out = prediction.save(tmp_path / "out", video=video, style="fill")
    middle = np.s_[25:60]
    for frame, plain in zip(Video.open(out / "overlay.mp4").frames(), video.frames(), strict=True):
        change = abs(frame.rgb[middle].astype(int) - plain.rgb[middle].astype(int)).max(-1)
        mask = prediction.masklet.get(frame.index)[middle]
        assert np.count_nonzero(change[mask] > 15) >= 0.95 * np.count_nonzero(mask)
        assert np.median(change[~mask]) <= 4


def test_the_style_is_what_was_asked_for(prediction, video, tmp_path):
    corners = {}
    for style in ("highlight", "contour", "cutout"):
        out = prediction.save(tmp_path / style, video=video, style=style)
        (frame,) = Video.open(out / "overlay.mp4").read([3])
        corners[style] = int(frame.rgb[5, 5, 0])
    assert corners["highlight"] < corners["contour"] < corners["cutout"]
    with pytest.raises(OutputError, match="'glitter' is no style"):
        prediction.save(tmp_path / "no", video=video, style="glitter")
    assert not (tmp_path / "no").exists()


def test_one_picture_has_a_picture_as_overlay(tmp_path):
    Image.fromarray(np.full((*SIZE, 3), 100, np.uint8)).save(tmp_path / "photo.png")
    video, masklet, moment = Video.open(tmp_path / "photo.png"), Masklet(SIZE), Moment([(0, 0)])
    masklet.set(0, square(1))
    asked = (video.facts, "the square", "test", True, 0.9, moment, ((0.0, 1.0),), (1.0,), (1.0,))
    out = Prediction(*asked, masklet).save(tmp_path / "out", video=video)
    assert entries(out) == ["masks", "overlay.png", "prediction.json", "timeline.png"]
    drawn = np.asarray(Image.open(out / "overlay.png"))
    assert drawn.shape[1:] == (SIZE[1], 3) and drawn.shape[0] > SIZE[0]
    assert (drawn[:20, :20] < 80).all()  # dimmed around the square


def test_an_overlay_of_the_other_kind_is_replaced(prediction, tmp_path):
    out = prediction.save(tmp_path / "out")
    (out / "overlay.png").write_bytes(b"of an earlier picture")
    prediction.save(out)
    assert entries(out) == RESULTS


def test_without_its_video_the_overlay_is_left_out_and_a_note_says_so(prediction, tmp_path):
    prediction.save(tmp_path / "out")
    (tmp_path / "clip.mp4").unlink()
    out = prediction.save(tmp_path / "out")
    assert entries(out) == ["masks", "prediction.json", "timeline.png"]
    (note,) = Prediction.load(out).notes
    assert note.startswith("no overlay: ")
    assert note.endswith("clip.mp4' is gone")


def test_another_video_is_refused(prediction, tmp_path):
    other = tmp_path / "other.mp4"
    with VideoWriter(other, SIZE) as writer:
        writer.write(np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(VideoError, match="is not the video of this prediction: it has 1 frames"):
        prediction.save(tmp_path / "out", video=other)
    assert not (tmp_path / "out").exists()


def test_new_results_replace_earlier_ones_and_nothing_else(prediction, tmp_path):
    out = prediction.save(tmp_path / "out")
    (out / "masks" / "00099.png").write_bytes(b"of a longer video")
    (out / "masks" / "mine.txt").write_text("keep")
    (out / "masks" / "more").mkdir()
    (out / "masks" / "more" / "00001.png").write_text("keep")
    (out / "mine.txt").write_text("keep")
    renamed(prediction, "again").save(out)
    assert Prediction.load(out).sentence == "again"
    assert entries(out) == sorted([*RESULTS, "mine.txt"])
    assert entries(out / "masks") == [*(f"{n:05d}.png" for n in range(8)), "mine.txt", "more"]
    assert (out / "masks" / "more" / "00001.png").read_text() == "keep"


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OutputError("no")])
def test_earlier_results_stay_when_it_breaks_off(prediction, tmp_path, error):
    out = prediction.save(tmp_path / "out")
    before = state(tmp_path)
    with pytest.raises(type(error)):
        renamed(prediction, "again").save(out, progress=Stop(error))
    assert state(tmp_path) == before
    with pytest.raises(type(error)):
        prediction.save(tmp_path / "new" / "deep" / "out", progress=Stop(error))
    assert state(tmp_path) == before
    assert entries(tmp_path) == ["clip.mp4", "out"]


def test_foreign_files_of_these_names_are_not_touched(prediction, tmp_path):
    out = tmp_path / "data"
    (out / "masks").mkdir(parents=True)
    (out / "masks" / "00000.png").write_bytes(b"annotated by hand")
    before = state(tmp_path)
    with pytest.raises(OutputError, match="masks' is in the way"):
        prediction.save(out)
    assert state(tmp_path) == before


def test_the_video_itself_is_not_replaced(prediction, tmp_path):
    out = prediction.save(tmp_path / "out")
    shutil.copy(tmp_path / "clip.mp4", out / "overlay.mp4")
    before = state(tmp_path)
    with pytest.raises(OutputError, match="would replace the video itself"):
        prediction.save(out, video=out / "overlay.mp4")
    assert state(tmp_path) == before


def test_places_that_cannot_be_written_are_said_plainly(prediction, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "out", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError, match="Cannot write results to "):
            prediction.save(folder)
    assert entries(tmp_path) == ["clip.mp4", "file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(prediction, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        prediction.save(tmp_path / "locked" / "out")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 160 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk to fill can be mounted by root only")
    yield disk
    # Lazily, because PyAV keeps a file open whose header it could not write.
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("room", [4, 20, 36, 41, 45, 52, 120])
def test_a_full_disk_leaves_earlier_results(prediction, small_disk, room):
    """Wherever in the work the disk runs full."""
    out = small_disk / "out"
    out.mkdir()
    (out / "prediction.json").write_text(json.dumps(prediction.to_json()))
    (small_disk / "ballast").write_bytes(bytes((140 - room) * 1024))
    before = state(small_disk)
    try:
        renamed(prediction, "again").save(out)
    except OutputError as error:
        assert str(error) == (
            f"Cannot write results to '{out}': No space left on device; choose another folder or "
            "make room."
        )
        assert state(small_disk) == before
    else:
        assert room > 41
        assert len(Video.open(out / "overlay.mp4")) == LENGTH


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
