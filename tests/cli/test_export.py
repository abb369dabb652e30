"""``momentvos export`` and ``run --export`` as a user calls them."""

import json

import pytest
from typer.testing import CliRunner

from momentvos import Prediction
from momentvos.cli.main import app
from momentvos.media import Video


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def results(clip, tmp_path_factory):
    """What `run --export` leaves of two sentences."""
    out = tmp_path_factory.mktemp("runs") / "out"
    result = call("run", clip, "the dog", "a cat", "-o", out, "--export", "matte,srt,mevis", "-q")
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_run_exports_under_the_formats_names(results, clip):
    out, said = results
    folders = sorted(path for path in out.iterdir() if (path / "prediction.json").exists())
    assert len(folders) == 2
    for path in (*(one / "matte.mov" for one in folders), out / "moments.srt", out / "mevis"):
        assert path.exists() and f"export   {path}" in said
    assert Video.open(folders[0] / "matte.mov").times == Video.open(clip).times


def test_run_with_one_sentence_and_a_wrong_format(clip, tmp_path):
    result = call("run", clip, "x", "-o", tmp_path / "o", "--export", "mate")
    assert result.exit_code == 2 and "did you mean 'matte'" in result.stderr
    assert not (tmp_path / "o").exists()


def test_export_of_a_run(results, tmp_path):
    out, _ = results
    result = call("export", out, "--to", "coco", "-o", tmp_path / "c.json", "-q")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text())
    assert [one["name"] for one in data["categories"]] == ["the dog", "a cat"]
    several = call("export", out, "--to", "csv,matte", "-o", tmp_path / "all", "--grow", "1")
    assert several.exit_code == 2 and "--grow means nothing for csv" in several.stderr
    several = call("export", out, "--to", "csv,matte", "-o", tmp_path / "all")
    assert several.exit_code == 0, several.output
    assert (tmp_path / "all" / "moments.csv").exists()
    assert len(list((tmp_path / "all").rglob("*.mov"))) == 2


def test_options_reach_the_format(results, tmp_path):
    out, _ = results
    words = ("export", out, "--to", "cvat", "-o", tmp_path / "c.xml", "--set", "shape=box")
    assert call(*words).exit_code == 0
    assert "rectangle" in (tmp_path / "c_labels.json").read_text()
    assert call(*words[:-1], "shape").exit_code == 2


def test_listing_and_help():
    listed = call("export", "--to", "list")
    assert listed.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    assert "white is the object" in lines["matte"] and "fiftyone" in lines
    shown = call("export", "--help")
    assert "matte" in shown.stdout and "labelstudio" in shown.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope", "--to", "csv"], "'nope' does not exist"),
        (["--to", "csv"], "Nothing to export"),
        (["x"], "No export format is named"),
        (["x", "--to", "pdf"], "no export format 'pdf'"),
    ],
)
def test_mistakes(words, said):
    result = call("export", *words)
    assert result.exit_code == 2 and said in result.stderr
    assert "Traceback" not in result.output


def test_a_prediction_that_lost_its_video(results, tmp_path):
    out, _ = results
    folder = next(path for path in sorted(out.iterdir()) if (path / "prediction.json").exists())
    data = Prediction.load(folder).to_json()
    data["video"]["path"] = str(tmp_path / "gone.mp4")
    (tmp_path / "prediction.json").write_text(json.dumps(data))
    result = call("export", tmp_path, "--to", "cutout", "-o", tmp_path / "c")
    assert result.exit_code == 2 and "--video" in result.stderr and not (tmp_path / "c").exists()
    result = call("export", tmp_path, "--to", "matte", "-o", tmp_path / "m.mov")
    assert result.exit_code == 0 and "Note: " in result.stderr
