"""Recipes, sample and schemas that travel with the package, and the commands that use them."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.errors import RecipeError
from momentvos.packaged import packaged
from momentvos.results.schema import schema
from momentvos.training.named import named, recipes

ROOT = Path(__file__).parents[2]
jsonschema = pytest.importorskip("jsonschema")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def valid(name, value):
    kind = schema(name)
    jsonschema.Draft202012Validator.check_schema(kind)
    jsonschema.Draft202012Validator(kind).validate(value)


def invalid(name, value):
    with pytest.raises(jsonschema.ValidationError):
        valid(name, value)


def test_every_recipe_is_listed_by_name_with_a_line():
    listed = run("recipes")
    assert listed.exit_code == 0
    for one in recipes():
        assert one.about and len(one.about) <= 100 and "momentvos" in one.command
        assert f"{one.name} " in listed.stdout
    names = [entry["name"] for entry in json.loads(run("recipes", "--json").stdout)]
    assert names == [one.name for one in recipes()]
    assert {"tgl/quickstart", "momentseg/world-mini", "ablations/table2"} <= set(names)


@pytest.mark.parametrize("name", ["tgl/quickstart", "recipes/tgl/quickstart.yaml"])
def test_a_recipe_is_named_from_anywhere(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = packaged("recipes") / "tgl" / "quickstart.yaml"
    assert named(Path(name)) == path
    assert run("recipes", name).stdout == path.read_text("utf-8")


def test_a_file_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tgl").mkdir()
    (tmp_path / "tgl" / "quickstart").write_text("own")
    assert named(Path("tgl/quickstart")) == Path("tgl/quickstart")


def test_a_copy_is_new_and_a_wrong_name_is_met_with_the_nearest(tmp_path):
    out = tmp_path / "mine.yaml"
    assert run("recipes", "tgl/quickstart", "-o", out).exit_code == 0
    assert out.read_text() == named(Path("tgl/quickstart")).read_text()
    again = run("recipes", "tgl/quickstart", "-o", out)
    assert again.exit_code == 2 and "choose another name" in again.stderr
    with pytest.raises(RecipeError, match="did you mean 'tgl/quickstart'"):
        named(Path("tgl/quickstrat"))
    assert run("recipes", "-o", out).exit_code == 2
    assert run("train", "tgl/quickstrat").exit_code == 2


def test_the_wheel_is_told_to_carry_them():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for folder in ("recipes", "samples", "schemas"):
        assert carried[folder] == f"momentvos/packaged_files/{folder}"
        assert any((ROOT / folder).iterdir())


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    done = run("demo", "-o", out, "--device", "cpu", "-q")
    assert done.exit_code == 0, done.output
    return done, out


@pytest.mark.slow
def test_the_demo_says_where_the_results_are(demo):
    done, out = demo
    assert str(out / "overlay.mp4") in done.stdout and (out / "overlay.mp4").stat().st_size > 10_000
    answer = json.loads((out / "prediction.json").read_text())
    valid("prediction", answer)
    assert answer["found"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    from PIL import Image

    from momentvos.data.world import render, scene

    folder = tmp_path_factory.mktemp("clip")
    frames, _ = render(scene(3, "test"), range(6), 96)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number:05d}.png")
    return folder


def test_predictions_are_what_their_schema_says(clip):
    one = json.loads(run("run", clip, "the hamburger", "--json", "-q").stdout)
    valid("prediction", one)
    two = json.loads(run("run", clip, "the hamburger", "a turtle", "--json", "-q").stdout)
    valid("prediction", two)
    assert schema("prediction")["$id"].endswith(f":{one['schema']}")
    invalid("prediction", {**one, "presence": 1.5})
    invalid("prediction", {**one, "more": 1})
    invalid("prediction", {key: value for key, value in one.items() if key != "masks"})
    invalid("prediction", {**one, "moment": [[1, 2, 3]]})


def test_groundings_are_what_their_schema_says(clip):
    one = json.loads(run("ground", clip, "the hamburger", "-g", "uniform:2", "--json", "-q").stdout)
    valid("grounding", one)
    valid("grounding", [one, one])
    assert schema("grounding")["$id"].endswith(f":{one['schema']}")
    invalid("grounding", {**one, "schema": 2})
    invalid("grounding", {**one, "relevance": [2]})


@pytest.mark.slow
def test_results_are_what_their_schema_says(tmp_path):
    words = (
        "eval",
        "world",
        "--split",
        "val",
        "--videos",
        1,
        "--size",
        64,
        "-q",
        "--device",
        "cpu",
    )
    assert run(*words, "-o", tmp_path / "flat.json").exit_code == 0
    assert run(*words, "-o", tmp_path / "run").exit_code == 0
    for path in (tmp_path / "flat.json", tmp_path / "run" / "results.json"):
        results = json.loads(path.read_text())
        valid("results", results)
        assert schema("results")["$id"].endswith(f":{results['schema']}")
        invalid("results", {**results, "jf": 44.0})
        invalid("results", {key: value for key, value in results.items() if key != "expressions"})
