import pytest
from PIL import Image
from typer.testing import CliRunner

from momentvos.cli.main import app

pytest.importorskip("pycocotools")


def invoke(*arguments):
    return CliRunner().invoke(app, ["world", *map(str, arguments)])


def test_make_writes_a_data_set(tmp_path):
    result = invoke("make", tmp_path / "out", "--split", "test", "--videos", 1, "--size", 64)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "JPEGImages" / "world_test_000000" / "00031.jpg").is_file()


def test_show_draws_a_picture(tmp_path):
    result = invoke("show", tmp_path / "scene.png", "--seed", 3)
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "scene.png").width == 8 * 202


@pytest.mark.parametrize(
    "wrong", [("--videos", 0), ("--split", "none"), ("--seed", -1), ("--size", 1)]
)
def test_what_cannot_be_made_ends_with_a_sentence(tmp_path, wrong):
    result = invoke("make", tmp_path / "out", *wrong)
    assert result.exit_code == 2
    assert "Error" in result.output and "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["scene.txt", "missing/scene.png"])
def test_a_picture_that_cannot_be_written_is_refused(tmp_path, name):
    result = invoke("show", tmp_path / name)
    assert result.exit_code == 2
    assert "Error" in result.output and "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []
