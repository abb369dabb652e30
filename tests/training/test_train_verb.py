import json
import os
import signal

import pytest
import typer
from typer.testing import CliRunner

from momentvos.cli.train import train
from momentvos.errors import RecipeError
from momentvos.training import build

RECIPE = """\
seed: 1
model: {preset: mini}
logging: {every: 1, tensorboard: false}
stages:
  - name: image
    steps: 2
    data: {source: world, phrases: 1.0, size: 16, expressions: 2}
    clip: {frames: 1}
  - name: video
    steps: 2
    data: {size: 16, expressions: 2}
    clip: {sampler: window, frames: 4, segment: 2}
"""


@pytest.fixture
def verb(tmp_path, monkeypatch, toy):
    """Runs the verb on RECIPE with a toy model; returns the result and the folder."""
    monkeypatch.setattr(build, "model", lambda options, seed: toy())
    (tmp_path / "short.yaml").write_text(RECIPE)
    app = typer.Typer()
    app.command()(train)
    out = tmp_path / "run"

    def run(*arguments, recipe="short.yaml"):
        words = [str(tmp_path / recipe), "--output", str(out), *arguments]
        return CliRunner().invoke(app, words), out

    return run


def steps_in(out):
    return [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines()]


def test_a_recipe_trains_and_its_resolved_form_is_kept(verb):
    result, out = verb("-o", "stages.video.steps=1")
    assert result.exit_code == 0, result.output
    assert "Step 3 of 3" in result.stderr and result.stdout == ""
    assert steps_in(out) == [1, 2, 3]
    assert json.loads((out / "recipe.json").read_text())["stages"][1]["steps"] == 1
    assert (out / "last" / "model.safetensors").is_file()


def test_a_run_goes_on_from_its_own_recipe(verb, tmp_path):
    verb("--minutes", "0")
    assert steps_in(tmp_path / "run") == []
    result, out = verb(recipe="run/recipe.json")
    assert result.exit_code == 0 and steps_in(out) == [1, 2, 3, 4]
    again, _ = verb("--no-resume", "-o", "stages.video.steps=0")
    assert "Step 2 of 2" in again.stderr and steps_in(out) == [1, 2]


def test_ctrl_c_leaves_a_checkpoint_and_exits_with_130(verb, monkeypatch):
    from momentvos.training.progress import PlainLine

    def interrupt(self, status):
        if status.step == 1:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(PlainLine, "_show", interrupt)
    result, out = verb()
    assert result.exit_code == 130
    monkeypatch.undo()
    assert steps_in(out) == [1]
    assert (out / "last" / "training.safetensors").is_file()


def test_a_missing_data_set_is_said_before_anything_is_written(verb):
    result, out = verb("-o", "stages.1.data.source=refcoco")
    assert isinstance(result.exception, RecipeError)
    assert not out.exists()


def test_a_recipe_without_stages_is_refused_before_anything_is_written(verb):
    result, out = verb("-o", "stages=[]")
    assert isinstance(result.exception, RecipeError) and "'stages' is empty" in str(
        result.exception
    )
    assert not out.exists()
