"""`momentvos run CLIP "the square" --model FOLDER`, from the command line to files and trace."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner


@pytest.fixture
def folders(tmp_path, clip_arrays, dino_folder, sam_folder, siglip_folder, monkeypatch):
    """A clip as a folder of frames, and a model's folder, beside each other."""
    monkeypatch.chdir(tmp_path)
    Path("clip").mkdir()
    for number, rgb in enumerate(clip_arrays[0]):
        Image.fromarray(rgb).save(f"clip/{number:03}.png")
    config = {
        "model_type": "momentvos_tracks",
        "detector": {"kind": "grounding-dino", "model": str(dino_folder), "box_threshold": 0.0},
        "tracker": {"kind": "sam2", "model": str(sam_folder), "image_size": 64},
        "selector": {"kind": "similarity", "model": str(siglip_folder)},
        "gate": False,
        "max_tracks": 2,
        "presence_threshold": 0.0,
    }
    Path("model").mkdir()
    Path("model/config.json").write_text(json.dumps(config))


@pytest.fixture
def run(folders):
    from momentvos.cli.main import app

    runner = CliRunner()
    return lambda *words: runner.invoke(app, ["run", "clip", *words, "--device", "cpu"])


def test_one_line_writes_masks_and_the_trace(run):
    done = run("the square", "--model", "model", "-o", "out", "--trace", "trace")
    assert done.exit_code == 0, done.output
    answer = json.loads(Path("out/prediction.json").read_text())
    assert answer["method"] == "tracks"
    assert answer["found"]
    assert any(answer["masks"])
    page = Path("trace/index.html").read_text()
    assert "the square" in page
    assert list(Path("trace").glob("picture_*.jpg"))


def test_what_is_wrong_is_one_sentence(run):
    Path("other").mkdir()
    Path("other/note.txt").write_text("mine")
    for words, message in [
        (("--model", "model", "--trace", "other"), "holds something else"),
        (("--model", "tgl-mini", "--trace", "t"), "no trace to keep"),
    ]:
        done = run("the square", "-o", "out", *words)
        assert done.exit_code == 1 or done.exit_code == 2
        assert message in str(done.exception) + done.output
    assert Path("other/note.txt").read_text() == "mine"
