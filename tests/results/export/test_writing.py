"""Output paths, what is protected, and what is left after a failure."""

import json

import pytest
from PIL import Image

from momentvos import Prediction
from momentvos.errors import OutputError, PredictionError
from momentvos.media import Video
from momentvos.results.export import Exporter, Options, export, exporters
from momentvos.results.export.load import load
from momentvos.results.export.names import by_video, file_name, labels, unique
from momentvos.results.export.registry import registered
from momentvos.results.export.writing import default_name, plan


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_format_writes_what_is_not_found(nothing, tmp_path):
    for name, entry in exporters().items():
        if name == "rerun":
            continue
        (path,) = export(nothing, name, tmp_path / name).paths
        assert path.exists(), name
        assert path.is_dir() == entry.is_folder, name


def test_where_it_is_written(prediction, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert export(prediction, "srt").paths[0].name == "clip-moments.srt"
    (tmp_path / "there").mkdir()
    for out, wanted in [
        ("there", "there/moments.srt"),
        ("new/deep", "new/deep/moments.srt"),
        ("x.srt", "x.srt"),
        ("X.SRT", "X.srt"),
    ]:
        (path,) = export(prediction, "srt", out).paths
        assert path.as_posix() == wanted and path.is_file()
    with pytest.raises(OutputError, match=r"'x.txt' should end in \.srt"):
        export(prediction, "srt", "x.txt")
    (tmp_path / "blocked").write_text("x")
    with pytest.raises(OutputError, match="in the way"):
        export(prediction, "mevis", "blocked")
    with pytest.raises(OutputError, match="cannot be written"):
        export(prediction, "srt", "blocked/x.srt")


def test_one_file_each(several, tmp_path):
    written = export(several, "matte", tmp_path / "mattes")
    assert names(tmp_path / "mattes") == sorted(path.name for path in written.paths)
    assert [path.name for path in written.paths] == [
        "clip-the-disc.mov",
        "clip-the-dog-cat-1-1-jumps-跳.mov",
        "clip-the-cat.mov",
        "other-clip-the-disc.mov",
    ]


def test_names_of_outputs_are_unique(make, video, tmp_path):
    same = [make(video, text) for text in ("a b", "A B", "a  b!")]
    paths = [path.name for path, _ in plan(same, "matte", exporters()["matte"], tmp_path / "m")]
    assert paths == ["clip-a-b.mov", "clip-a-b-2.mov", "clip-a-b-3.mov"]
    assert unique(["x", "X", "x-2"]) == ["x", "X-2", "x-2-2"]
    assert labels(["a" * 70, "a" * 70], 64) == ["a" * 64, "a" * 62 + "-2"]
    assert file_name("../../etc/passwd", "v") == "etc-passwd"
    assert file_name("NUL", "video") == "video-NUL" and file_name("", "video") == "video"
    assert len(file_name("ä" * 300, "v").encode()) <= 80
    assert default_name("alpha-webm", exporters()["alpha-webm"]) == "alpha.webm"


def test_videos_are_told_apart_by_path(make, write_video, video, tmp_path):
    (tmp_path / "b").mkdir()
    other = write_video("b/clip.mp4")
    groups = by_video([make(video, "x"), make(other, "y"), make(video, "z")])
    assert [group.name for group in groups] == ["clip", "clip-2"]
    assert [[one.sentence for one in group.predictions] for group in groups] == [["x", "z"], ["y"]]


def test_the_source_is_never_replaced(make, prediction, tmp_path):
    before = (tmp_path / "clip.mp4").read_bytes()
    with pytest.raises(OutputError, match="would replace"):
        export(prediction, "cutout", tmp_path / "clip.mp4")
    frames = tmp_path / "frames"
    frames.mkdir()
    for frame in range(3):
        Image.new("RGB", (32, 24), (frame, 0, 0)).save(frames / f"{frame:05d}.png")
    one = make(Video.open(frames), spans=((0, 1),))
    kept = {path: path.read_bytes() for path in frames.iterdir()}
    for out in (frames, tmp_path / "frames" / "." / "..", frames / ".." / "frames"):
        if out.resolve() == frames:
            with pytest.raises(OutputError, match="would replace"):
                export(one, "cutout", out)
    assert {path: path.read_bytes() for path in frames.iterdir()} == kept
    answer = prediction.save(tmp_path / "res") / "prediction.json"
    with pytest.raises(OutputError, match="would replace"):
        export(prediction, "coco", answer, protect=[answer])
    assert Prediction.load(answer) == prediction
    assert (tmp_path / "clip.mp4").read_bytes() == before


def test_files_of_others_stay(prediction, folder):
    (folder / "notes.txt").write_text("mine")
    export(prediction, "mevis", folder)
    export(prediction, "mevis", folder)
    assert names(folder) == ["mask_dict.json", "meta_expressions.json", "notes.txt"]


class Stop(Exception):
    pass


@pytest.mark.parametrize("name", ["matte", "alpha", "cutout", "davis"])
def test_nothing_is_left_of_a_failure(prediction, tmp_path, name):
    (path,) = export(prediction, name, tmp_path / "out").paths
    before = names(tmp_path), path.stat().st_mtime_ns

    def stop(done, total):
        assert total == 8
        if done == 4:
            raise Stop

    with pytest.raises(Stop):
        export(prediction, name, tmp_path / "out", Options(progress=stop))
    assert (names(tmp_path), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("csv", Options(feather=2), "--feather means nothing for csv; its options: moment-only"),
        ("srt", Options(moment_only=True), "--moment-only means nothing for srt"),
        ("cvat", Options(values={"shape": "star"}), "shape=star is unknown to cvat; shape is mask"),
        ("cvat", Options(values={"colour": "red"}), "--set colour means nothing for cvat"),
        ("matt", Options(), "no export format 'matt'; did you mean 'matte'"),
        ("xyz", Options(), "no export format 'xyz'; there are alpha"),
        ("alpha", Options(video="/no/such.mp4"), "'/no/such.mp4' does not exist; check --video"),
    ],
)
def test_what_makes_no_sense(prediction, tmp_path, name, options, said):
    with pytest.raises(OutputError, match=said):
        export(prediction, name, tmp_path / "out", options)
    assert names(tmp_path) == ["clip.mp4"]


def test_a_library_that_lacks(prediction, tmp_path):
    entry = Exporter("x", "os:getcwd", (".x",), requires=("no_such_module",), extra="'a[b]'")
    with pytest.raises(OutputError, match=r"x needs the package no_such_module.*install 'a\[b\]'"):
        entry.check("x", Options())
    with pytest.raises(OutputError, match="cannot be imported"):
        Exporter("x", "momentvos.nothing:write", (".x",)).load()


def test_ours_are_registered_as_others_are():
    assert not registered()[1]
    assert {"matte", "alpha", "cutout", "otio", "csv", "srt", "coco", "ytvis", "mevis"} <= set(
        exporters()
    )
    assert {"davis", "cvat", "labelstudio", "fiftyone", "rerun", "elan"} <= set(exporters())


def test_loading(several, tmp_path):
    for number, one in enumerate(several[:3], start=1):
        one.save(tmp_path / "run" / f"{number:02}-x")
    several[3].save(tmp_path / "run" / "10-x")
    (tmp_path / "run" / ".hidden").mkdir()
    both, files = load([tmp_path / "run", tmp_path / "run" / "01-x" / "prediction.json"])
    assert both == several and len(files) == 4
    array = tmp_path / "answers.json"
    array.write_text(json.dumps([one.to_json() for one in several]))
    assert load([array])[0] == several
    for path, said in [
        (tmp_path / "nope", "does not exist"),
        (tmp_path / "run" / ".hidden", r"holds no prediction\.json"),
        (tmp_path / "clip.mp4", "is not a JSON file"),
    ]:
        with pytest.raises(PredictionError, match=said):
            load([path])
    array.write_text("[{}]")
    with pytest.raises(PredictionError, match=r"In '.*answers.json': .* has no 'schema'"):
        load([array])
