"""The server's zip, and folders of predictions that anyone's code has written."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from momentvos.data.formats.mevis import read
from momentvos.errors import BenchmarkError, OutputError
from momentvos.evaluation.benchmarks import Layout
from momentvos.evaluation.prediction_folder import NotAnswered, Predictions
from momentvos.evaluation.submission import png, write_submission
from momentvos.masklet import Masklet
from momentvos.results.prediction import Prediction

FRAMES = [f"{number:05d}" for number in range(6)]
ROOT, WRAPPED = Layout("", "a server"), Layout("Annotations", "another")


@pytest.fixture
def samples(small_world):
    return read(small_world())


def truth(sample):
    masklet = Masklet(sample.size)
    for frame in range(sample.length) if sample.targets else ():
        masklet.set(frame, sample.masks([frame])[:, 0].any(0))
    return masklet


@pytest.fixture
def write(samples, tmp_path):
    def write(layout=ROOT, answered=lambda sample: True, masks=truth, **options):
        path = tmp_path / "submission.zip"
        count = write_submission(
            path, layout, samples, lambda sample: FRAMES, answered, masks, **options
        )
        return path, count

    return write


@pytest.mark.parametrize("layout", [ROOT, WRAPPED])
def test_the_zip_holds_a_grey_picture_per_frame_and_nothing_else(write, samples, layout):
    path, count = write(layout)
    top = f"{layout.folder}/" if layout.folder else ""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert set(names) == {
            f"{top}{one.video_id}/{one.expression_id}/{frame}.png"
            for one in samples
            for frame in FRAMES
        }
        assert len(names) == count == 6 * len(samples)
        assert all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())
        sample = next(one for one in samples if one.targets)
        for number, frame in enumerate(FRAMES):
            data = archive.read(f"{top}{sample.video_id}/{sample.expression_id}/{frame}.png")
            picture = Image.open(io.BytesIO(data))
            assert picture.mode == "L" and picture.size == sample.size[::-1]
            values = np.asarray(picture)
            assert set(np.unique(values)) <= {0, 255}
            np.testing.assert_array_equal(values > 0, truth(sample).get(number))
    assert [one.name for one in path.parent.iterdir()] == ["submission.zip"]


def test_an_incomplete_one_is_refused_unless_asked_for(write, samples):
    left = samples[1]

    def answered(sample):
        return sample is not left

    with pytest.raises(BenchmarkError, match=rf"lack 1 of 6 .* '{left.expression_id}' of '"):
        write(answered=answered)
    path, count = write(answered=answered, incomplete=True)
    assert count == 30 and zipfile.ZipFile(path).testzip() is None


def test_a_failure_leaves_the_earlier_zip(write):
    path, _ = write()
    before = path.read_bytes()

    def broken(sample):
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space"):
        write(masks=broken)
    with pytest.raises(BenchmarkError, match="pixels"):
        write(masks=lambda sample: Masklet((5, 5)))
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "/etc", "a//b", "CON", "x" * 300, "a\0"])
def test_a_video_or_expression_that_is_no_folder_is_refused_by_name(samples, tmp_path, name):
    for changed in ({"video_id": name}, {"expression_id": name}):
        sample = replace(samples[0], **changed)
        with pytest.raises(BenchmarkError, match="cannot be a folder"):
            ROOT.files(sample, FRAMES)
        with pytest.raises(BenchmarkError, match="cannot be a folder"):
            predictions(tmp_path).load(sample)


def test_an_expression_s_name_has_no_slash_but_a_video_s_may(samples):
    assert ROOT.files(replace(samples[0], video_id="LVOS/a", expression_id="7"), ["0"]) == [
        "LVOS/a/7/0.png"
    ]
    with pytest.raises(BenchmarkError, match="a/b"):
        ROOT.files(replace(samples[0], expression_id="a/b"), FRAMES)
    with pytest.raises(BenchmarkError, match="frame"):
        ROOT.files(samples[0], ["../00000"])


@pytest.mark.parametrize(("one", "other"), [("a", "A"), ("\u00e9", "e\u0301"), ("ss", "ß")])
def test_names_that_would_be_one_file_are_refused(samples, tmp_path, one, other):
    pair = [replace(samples[0], expression_id=name) for name in (one, other)]
    with pytest.raises(BenchmarkError, match="would be one file"):
        write_submission(
            tmp_path / "x.zip", ROOT, pair, lambda sample: FRAMES, lambda sample: True, truth
        )
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path, samples):
    """Everyone's answers as folders of pictures."""
    root = tmp_path / "predictions"
    for sample in samples:
        place = root / sample.video_id / sample.expression_id
        place.mkdir(parents=True)
        for number, frame in enumerate(FRAMES):
            (place / f"{frame}.png").write_bytes(png(truth(sample).get(number)))
    return root


def predictions(folder):
    return Predictions(folder, lambda sample: FRAMES)


def test_folders_of_pictures_are_read(folder, samples):
    read = predictions(folder)
    assert all(read.load(one) == truth(one) for one in samples) and read.surplus(samples) == []
    wrapped = folder.parent / "other" / "Annotations"
    wrapped.parent.mkdir()
    folder.rename(wrapped)
    assert predictions(wrapped.parent).load(samples[0]) == truth(samples[0])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_picture_counts_what_is_not_background(folder, samples, mode):
    sample = samples[0]
    mask = np.zeros(sample.size, np.uint8)
    mask[3:9, 5:20] = 1
    if mode == "P":
        picture = Image.fromarray(mask, "P")
        picture.putpalette([0, 0, 0, 0, 0, 0, 9, 9, 9])
    elif mode == "I;16":
        picture = Image.fromarray(mask.astype(np.uint16) * 300)
    else:
        picture = Image.fromarray(mask * 255).convert(mode)
    picture.save(folder / sample.video_id / sample.expression_id / "00002.png")
    np.testing.assert_array_equal(predictions(folder).load(sample).get(2), mask > 0)


def test_what_is_missing_or_wrong_is_named(folder, samples):
    sample = samples[0]
    place = folder / sample.video_id / sample.expression_id
    read = predictions(folder)

    def fault(text):
        with pytest.raises(NotAnswered, match=text) as caught:
            read.load(sample)
        return caught.value.fault

    (place / "00003.png").write_bytes(png(np.zeros((4, 5), bool)))
    assert "5 x 4 pixels, the frame is 64 x 64" in fault("00003.png is wrong").why
    (place / "00002.png").write_bytes(b"no picture")
    assert fault("00002.png is wrong").kind == "wrong"
    (place / "00001.png").unlink()
    assert fault("00001.png").kind == "missing"
    (place).rename(place.with_name("other"))
    assert fault("not there").path == str(place)
    (folder / sample.video_id).rename(folder / "unknown")
    assert fault("not there").path == str(folder / sample.video_id)
    with pytest.raises(BenchmarkError, match="no folder"):
        predictions(folder / "nowhere")


def test_what_belongs_to_nothing_is_named(folder, samples):
    one = samples[0]
    place = folder / one.video_id / one.expression_id
    added = [
        folder / ".DS_Store",
        folder / "a video of another split",
        folder / one.video_id / "999",
        place / "99999.png",
        place / "deeper",
    ]
    for path in added:
        path.touch() if path.suffix or path.name == ".DS_Store" else path.mkdir()
    (folder / "a video of another split" / "0").mkdir()
    assert [fault.path for fault in predictions(folder).surplus(samples)] == sorted(map(str, added))


def test_this_programs_results_are_read(tmp_path, samples, painter):
    from momentvos.evaluation.footage import SampleVideo

    sample, other = samples[0], samples[1]
    (answer,) = painter(samples).segment(SampleVideo(sample), [sample.sentence], [None])
    for one in (sample, other):
        place = tmp_path / "own" / one.video_id / one.expression_id
        place.mkdir(parents=True)
        (place / "overlay.mp4").touch()
        (place / "prediction.json").write_text(json.dumps(answer.to_json()))
    read = predictions(tmp_path / "own")
    loaded = read.load(sample)
    assert isinstance(loaded, Prediction) and loaded.masklet == truth(sample)
    assert read.surplus([sample, other]) == []
    data = answer.to_json() | {"masks": []}
    (place / "prediction.json").write_text(json.dumps(data))
    with pytest.raises(NotAnswered, match="'masks'"):
        read.load(other)
    facts = answer.video.__dict__ | {"length": 1}
    data = answer.to_json() | {
        "video": facts, "masks": [None], "moment": [], "seconds": [], "relevance": [1.0],
        "scores": [1.0],
    }  # fmt: skip
    (place / "prediction.json").write_text(json.dumps(data))
    with pytest.raises(NotAnswered, match="about 1 frames"):
        read.load(other)
