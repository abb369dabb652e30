import pytest
from PIL import Image
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.data.world import scene

pytest.importorskip("pycocotools")


def invoke(*arguments):
    return CliRunner().invoke(app, ["world", *map(str, arguments)])


def test_make_writes_a_data_set(tmp_path):
    result = invoke("make", tmp_path / "out", "--split", "test", "--videos", 1, "--size", 64)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "JPEGImages" / "world_test_000000" / "00031.jpg").is_file()


def test_make_writes_the_second_version_under_names_of_its_own(tmp_path):
    command = ("make", tmp_path / "out", "--videos", 1, "--size", 32, "--world", "v2")
    assert invoke(*command).exit_code == 0
    (video,) = (tmp_path / "out" / "JPEGImages").iterdir()
    assert video.name == "world_v2_train_000000"
    assert len(list(video.iterdir())) == scene(0, "train", "v2").length


def test_show_draws_a_longer_video_in_more_rows(tmp_path):
    for name in ("v1", "v2"):
        result = invoke("show", tmp_path / f"{name}.png", "--seed", 3, "--world", name)
        assert result.exit_code == 0, result.output
    first, second = (Image.open(tmp_path / f"{name}.png") for name in ("v1", "v2"))
    assert first.width == second.width and first.height < second.height


def test_show_draws_a_picture(tmp_path):
    result = invoke("show", tmp_path / "scene.png", "--seed", 3)
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "scene.png").width == 8 * 202


@pytest.mark.parametrize(
    "wrong",
    [("--videos", 0), ("--split", "none"), ("--seed", -1), ("--size", 1), ("--world", "v3")],
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
