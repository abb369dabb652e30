import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from momentvos.cli.ablate import ablate
from momentvos.errors import OutputError, RecipeError
from momentvos.training import ablation, rows

FOLDER = Path(__file__).parents[2] / "recipes" / "ablations"

TABLE = """\
title: A small table
recipe: {recipe}
seeds: [0, 1]
evaluation: {{split: val, videos: 1, size: 64, metrics: [jf, outside]}}
rows:
  - name: all frames in memory
    set: {{model.overrides.memory: all, stages.clips.steps: 1, stages.clips.data.videos: 1}}
  - name: untouched
    model: tgl-mini
    grounder: all
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(TABLE.format(recipe=FOLDER / "mini.yaml"))
    return path


TABLES = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "mini.yaml"})


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_shipped_tables_resolve_to_different_works(path, tmp_path):
    plan = ablation.load(path, tmp_path)
    done = rows.works(plan, path, tmp_path)
    seeds = [len(plan.seeds) if row.model is None else 1 for row in plan.rows]
    assert len(done) == sum(seeds)
    assert len({work.folder for work in done}) == len(done)
    first = path.read_text().splitlines()[0]
    assert first.startswith(f"# momentvos ablate recipes/ablations/{path.name}")
    recipes = [work.recipe for work in done if work.recipe]
    assert len({json.dumps(recipe.to_json()) for recipe in recipes}) == len(recipes)
    roots = {s.data.root for recipe in recipes for s in recipe.stages if s.data.source != "world"}
    assert roots <= {str(tmp_path)}


def test_a_table_is_trained_scored_and_kept(table, tmp_path):
    app = typer.Typer()
    app.command()(ablate)
    words = [str(table), "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    lines = first.stdout.splitlines()
    assert lines[0] == "# A small table"
    assert lines[4].startswith("| all frames in memory | ") and lines[4].endswith(" | 2 |")
    assert "±" in lines[4] and lines[5].endswith(" | 1 |")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}
    assert len([path for path in kept if path.name == "model.safetensors"]) == 2
    again = CliRunner().invoke(app, words)
    assert again.stdout == first.stdout
    assert kept == {path: path.stat().st_mtime_ns for path in kept}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: untouched", "name: all frames in memory"), "two rows of the same name"),
        (("model: tgl-mini", "model: tgl-mini\n    set: {seed: 1}"), "drop its `set`"),
        (("recipe:", "# recipe:"), "needs a `recipe`"),
        (("title:", "titel:"), "line 1: 'titel': there is no such key"),
        (("memory: all", "hidden: 3"), "keeps its 'hidden'"),
        (("jf, outside", "jf, beauty"), "no metric 'beauty'"),
        (("split: val", "split: val, world: v3"), "world"),
    ],
)
def test_what_is_wrong_is_said(table, tmp_path, change, message):
    table.write_text(table.read_text().replace(*change))
    with pytest.raises(RecipeError, match=message):
        list(rows.entries(ablation.load(table), table, tmp_path / "out"))


def test_a_table_of_the_second_version_is_scored_on_it(table, tmp_path, monkeypatch):
    import momentvos.evaluation.world as evaluation

    asked = []
    score = evaluation.evaluate_category_rule("val", 1, size=32)

    def evaluate_world(*options, world):
        asked.append(world)
        return score

    monkeypatch.setattr(evaluation, "evaluate_world", evaluate_world)
    text = table.read_text().replace("split: val", "split: val, world: v2")
    table.write_text(text[: text.index("  - name: all")] + text[text.index("  - name: unt") :])
    assert list(rows.entries(ablation.load(table), table, tmp_path / "out"))
    assert asked == ["v2"]


@pytest.mark.parametrize("name", ["/tmp/x", "..", "a/b", "x" * 300])
def test_a_row_s_name_is_plain(table, name):
    table.write_text(table.read_text().replace("name: untouched", f"name: {name}"))
    with pytest.raises(RecipeError, match="the row's name"):
        ablation.load(table)


def test_works_stay_in_the_folder(table, tmp_path):
    long = table.read_text().replace("name: untouched", f"name: {'x' * 150}")
    table.write_text(long)
    folders = [work.folder for work in rows.works(ablation.load(table), table, tmp_path / "out")]
    assert {folder.parent for folder in folders} == {tmp_path / "out"}
    (tmp_path / "out").mkdir()
    folders[0].symlink_to(tmp_path / "small.yaml")
    with pytest.raises(OutputError, match="leads out"):
        rows.works(ablation.load(table), table, tmp_path / "out")
