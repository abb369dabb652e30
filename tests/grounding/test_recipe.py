"""Recipes of grounders, and the verb that runs them."""

from pathlib import Path

import pytest
import torch
import yaml
from typer.testing import CliRunner

from momentvos.errors import DataError, ModelError, RecipeError
from momentvos.grounding import build
from momentvos.grounding.chrono.train import ChronoTask
from momentvos.grounding.dual.train import DualTask
from momentvos.grounding.fit import fit
from momentvos.grounding.recipe import GrounderData, GrounderRecipe, samples, training_task
from momentvos.training.recipe import read

RECIPES = sorted((Path(__file__).parents[2] / "recipes" / "grounding").glob("*.yaml"))
TINY = {
    "dual": {
        "kind": "dual",
        "data": {"videos": 2, "side": 32},
        "dual": {"side": 16, "channels": 8, "blocks": 1, "dimension": 8, "layers": 1, "heads": 2},
        "fit": {"steps": 2, "items": 1},
    },
    "chrono": {
        "kind": "chrono",
        "data": {"videos": 1, "side": 32},
        "chrono": {
            "unit": "frames",
            "train_frames": 4,
            "frames": 6,
            "small": {"side": 32, "width": 32, "layers": 1, "queries": 2},
        },
        "fit": {"steps": 2, "items": 1},
    },
}


@pytest.fixture
def write(tmp_path):
    def write(values) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(values))
        return path

    return write


@pytest.fixture
def train(tmp_path, monkeypatch):
    from momentvos.cli.main import app

    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, ["train-grounder", *map(str, words)])


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_says_how_to_start_it(path):
    assert isinstance(read(path, GrounderRecipe), GrounderRecipe)
    first = path.read_text().splitlines()[0]
    assert first.startswith(f"# momentvos train-grounder recipes/grounding/{path.name}")


def test_there_are_recipes():
    assert len(RECIPES) == 3


@pytest.mark.parametrize("kind", TINY)
def test_a_recipe_becomes_a_grounder(train, write, clip, kind):
    result = train(write(TINY[kind]), "--set", "seed=1", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert f"{kind}=runs/recipe/last" in result.stderr
    fallback = "~or-all" if kind == "chrono" else ""
    (found,) = build(f"{kind}=runs/recipe/last{fallback}", "cpu").ground(clip, ["the dog"])
    assert len(found.relevance) == len(clip)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "tam"}, "'kind'"),
        ({"dual": {"depth": 3}}, "no such key"),
        ({"fit": {"steps": "many"}}, "'fit.steps'"),
        ({"data": {"name": "mevis"}}, "data.root"),
        ({"data": {"name": "mevis", "root": "nowhere"}}, "nowhere"),
        ({"data": {"name": "movies", "root": "."}}, "movies"),
        ({"data": {"split": "holidays"}}, "holidays"),
    ],
)
def test_what_is_amiss_is_one_sentence(train, write, change, said):
    result = train(write(TINY["dual"] | change))
    assert result.exit_code == 2 and said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in result.stderr


def test_a_folder_in_meviss_layout_is_learnt_from(tmp_path):
    from momentvos.data.world import write as write_world

    root = write_world(tmp_path / "set", "train", 2, size=32)
    every = samples(GrounderData("mevis", str(root), videos=None))
    assert len({one.video_id for one in every}) == 2
    one = samples(GrounderData("mevis", str(root), videos=1))
    assert {sample.video_id for sample in one} < {sample.video_id for sample in every}


def test_expressions_that_do_not_say_when_teach_nothing(tmp_path):
    import json

    from momentvos.data.world import write as write_world

    root = write_world(tmp_path / "set", "train", 1, size=32)
    path = root / "meta_expressions.json"
    meta = json.loads(path.read_text())
    for video in meta["videos"].values():
        for expression in video["expressions"].values():
            del expression["moments"]
    path.write_text(json.dumps(meta))
    with pytest.raises((RecipeError, DataError), match="says when"):
        samples(GrounderData("mevis", str(root), videos=None))


def recipe(kind, write, **change) -> GrounderRecipe:
    values = TINY[kind] | {kind: TINY[kind][kind] | change}
    return read(write(values), GrounderRecipe)


def test_scenes_are_of_the_version_that_is_named():
    first, second = (samples(GrounderData(world=world, videos=1)) for world in ("v1", "v2"))
    assert (first[0].video_id, second[0].video_id) == (
        "world_train_000000",
        "world_v2_train_000000",
    )


def test_lessons_are_of_the_kind_asked_for(write):
    assert isinstance(training_task(recipe("dual", write), "cpu"), DualTask)
    once = training_task(recipe("chrono", write, upsample=1), "cpu")
    thrice = training_task(recipe("chrono", write), "cpu")
    assert isinstance(once, ChronoTask)
    assert once.items < thrice.items <= 3 * once.items


def test_a_trained_chrono_is_where_another_may_start(write, tmp_path):
    first = training_task(recipe("chrono", write), "cpu")
    fit(first, recipe("chrono", write).fit, tmp_path)
    start = str(tmp_path / "last")
    second = training_task(recipe("chrono", write, start=start, frames=9, unit="seconds"), "cpu")
    assert (second.chrono.frames, second.chrono.unit) == (9, "seconds")
    after = second.module.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in first.module.state_dict().items())


def test_without_peft_there_are_no_adapters(write):
    try:
        import peft  # noqa: F401
    except ImportError:
        with pytest.raises(ModelError, match=r"momentvos\[mllm\]"):
            training_task(recipe("chrono", write, lora={"rank": 2}), "cpu")


def test_adapters_train_alone_and_are_folded_in_when_saved(write, tmp_path):
    pytest.importorskip("peft")
    from momentvos.grounding.chrono.model import load

    plan = recipe("chrono", write, lora={"rank": 2}, trained=["^language_projection"])
    made = training_task(plan, "cpu")
    names = {name for name, one in made.module.named_parameters() if one.requires_grad}
    assert names and all("lora_" in n or n.startswith("language_projection") for n in names)
    made.module.train()
    fit(made, plan.fit, tmp_path)
    again = load(tmp_path / "last", "cpu")
    shown = torch.rand(1, 7, 32)
    with torch.no_grad():
        assert torch.allclose(
            made.chrono.loss(shown, "[[1, 2]]"), again.loss(shown, "[[1, 2]]"), atol=1e-5
        )
