import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from momentvos.cli.ablate import ablate
from momentvos.errors import OutputError, RecipeError
from momentvos.evaluation.gain import gain
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
    kept = {
        path: path.stat().st_mtime_ns
        for kind in ("*.safetensors", "answers/*.jsonl")
        for path in (tmp_path / "out").rglob(kind)
    }
    assert len([path for path in kept if path.name == "model.safetensors"]) == 2
    assert len([path for path in kept if path.suffix == ".jsonl"]) == 3
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
        (("jf, outside", "jf, beauty"), "there is no metric 'beauty'; choose of f, inside, j,"),
        (("seeds:", "baseline: other\nseeds:"), "no row 'other' for its `baseline`"),
    ],
)
def test_what_is_wrong_is_said(table, tmp_path, change, message):
    table.write_text(table.read_text().replace(*change))
    with pytest.raises(RecipeError, match=message):
        list(rows.entries(ablation.load(table), table, tmp_path / "out"))


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


ANSWERS = """\
title: Present weights
baseline: all frames
evaluation: {split: val, videos: 2, size: 64, grounder: model, METRICS}
rows:
  - {name: all frames, model: tgl-mini, grounder: all, config: {memory: all}}
  - {name: M+ alone, model: tgl-mini, grounder: all}
  - {name: two frames, model: tgl-mini, grounder: "uniform:2"}
  - {name: best frame, model: tgl-mini, grounder: "model:1"}
"""


def test_rows_of_present_weights_are_compared_with_a_baseline(tmp_path):
    path = tmp_path / "present.yaml"
    path.write_text(ANSWERS.replace("METRICS", "metrics: [jf, jf_error, top1], selection: false"))
    plan = ablation.load(path)
    done = list(rows.entries(plan, path, tmp_path / "out"))
    scores = {entry.row: entry.score for entry in done}
    # Where every frame is in M+, memory holds them all, whatever the option says.
    assert scores["M+ alone"] == replace(scores["all frames"], seconds=scores["M+ alone"].seconds)
    assert scores["two frames"].jf != scores["all frames"].jf
    assert [scores[name].top1 is None for name in scores] == [True, True, True, False]
    lines = rows.table(plan, done).splitlines()
    assert lines[0] == "|  | jf | jf_error | top1 | jf against all frames | seeds |"
    assert "| - |  | 1 |" in lines[2] and "| - | +0.0 ± 0.0 | 1 |" in lines[3]
    other = gain([scores["two frames"]], [scores["all frames"]])
    assert f"| {100 * other.value:+.1f} ± {100 * other.error:.1f} | 1 |" in lines[4]


def test_a_row_s_options_count_where_the_model_is_asked_as_published(tmp_path):
    path = tmp_path / "present.yaml"
    path.write_text(
        """\
title: As published, and not
evaluation: {split: val, videos: 1, size: 64, grounder: model, selection: false}
rows:
  - {name: published, model: vrshq-mini}
  - {name: by token, model: vrshq-mini, config: {handover: token, inject: true}}
  - {name: unfiltered, model: vrshq-mini, config: {guided_radius: 0}}
  - {name: as shipped, model: vrshq-mini, selection: true}
"""
    )
    scores = {
        entry.row: entry.score.jf
        for entry in rows.entries(ablation.load(path), path, tmp_path / "out")
    }
    assert scores["unfiltered"] == scores["published"]
    assert len({scores[name] for name in ("published", "by token", "as shipped")}) == 3


def test_a_row_changes_no_option_that_weights_depend_on(tmp_path):
    path = tmp_path / "present.yaml"
    path.write_text(
        """\
title: An option of the weights
evaluation: {split: val, videos: 1, size: 64}
rows:
  - {name: wide, model: tgl-mini, config: {adapter_dim: 3}}
"""
    )
    with pytest.raises(RecipeError, match="Row 'wide': 'config' cannot change 'adapter_dim'"):
        list(rows.entries(ablation.load(path), path, tmp_path / "out"))


def test_other_weights_of_the_same_name_are_scored_anew(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"first")
    path = tmp_path / "present.yaml"
    path.write_text(
        f"""\
title: A folder
rows:
  - {{name: it, model: {folder}}}
  - {{name: its grounder, model: tgl-mini, grounder: dual={folder}}}
"""
    )

    def folders():
        return [work.folder for work in rows.works(ablation.load(path), path, tmp_path)]

    before = folders()
    assert before == folders()
    (folder / "model.safetensors").write_bytes(b"second")
    assert not set(before) & set(folders())
