import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from momentvos.cli.ablate import ablate
from momentvos.errors import OutputError, RecipeError
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.training import ablation, rows

FOLDER = Path(__file__).parents[2] / "recipes" / "ablations"

TABLE = """\
title: A small table
recipe: {recipe}
seeds: [0, 1]
evaluation: {{split: val, videos: 1, size: 64, metrics: [jf, outside]}}
rows:
  - name: all frames in memory
    set:
      model.overrides.memory: all
      stages.clips.steps: 1
      stages.clips.data.videos: 1
      stages.clips.data.workers: 0
      stages.clips.data.size: 64
      stages.clips.clip.frames: 2
      stages.clips.losses.size: 32{model}
  - name: untouched
    model: {bundled}
    grounder: all
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(TABLE.format(recipe=FOLDER / "mini.yaml", model="", bundled="tgl-mini"))
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
    works = {
        json.dumps((work.recipe and work.recipe.to_json(), {**asdict(work.row), "name": ""}))
        for work in done
    }
    assert len(works) == len(done)
    trained = {json.dumps(recipe.to_json()) for recipe in recipes}
    assert len({work.run for work in done if work.run}) == len(trained)
    roots = {s.data.root for recipe in recipes for s in recipe.stages if s.data.source != "world"}
    assert roots <= {str(tmp_path)}


def test_a_table_is_trained_scored_and_kept(tiny, table, tmp_path):
    tiny().save_pretrained(tmp_path / "model")
    own = f"\n      model.path: {tmp_path / 'model'}"
    recipe = FOLDER / "mini.yaml"
    table.write_text(TABLE.format(recipe=recipe, model=own, bundled=tmp_path / "model"))
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


def test_rows_that_differ_in_their_evaluation_are_trained_once(tiny, table, tmp_path):
    tiny().save_pretrained(tmp_path / "model")
    own = f"\n      model.path: {tmp_path / 'model'}"
    text = TABLE.format(recipe=FOLDER / "mini.yaml", model=own, bundled=tmp_path / "model")
    head, row = text[: text.index("  - name: untouched")].split("rows:\n")
    moments = row.replace("name: all", "grounder: all\n    name: every frame, all")
    table.write_text(f"{head}rows:\n{row}{moments}".replace("[0, 1]", "[0]"))
    plan, out = ablation.load(table), tmp_path / "out"
    first, second = rows.works(plan, table, out)
    assert first.run == second.run and first.folder != second.folder
    seen, asked = [], []

    @contextmanager
    def training(work):
        yield lambda status: seen.append(status.step)
        seen.append("trained")

    @contextmanager
    def scoring(work):
        yield lambda done, total: asked.append((work.row.name, done, total))

    done = rows.entries(plan, table, out, training, scoring)
    assert [entry.row for entry in done] == [first.row.name, second.row.name]
    assert seen == [0, 1, "trained", 1, "trained"]  # the second starts where the first has ended
    assert {row for row, *_ in asked} == {first.row.name, second.row.name}
    assert all(0 <= count <= total for _, count, total in asked)
    (model,) = out.rglob("model.safetensors")
    assert model.is_relative_to(first.run)
    other = table.read_text().replace(
        "stages.clips.data.videos: 1", "stages.clips.data.videos: 2", 1
    )
    table.write_text(other)
    first, second = rows.works(ablation.load(table), table, out)
    assert first.run != second.run


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
        (("split: val", "split: val, world: v3"), "world"),
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


PRESENT = """\
title: Present weights
evaluation: {{split: val, videos: 1, size: 64, grounder: "uniform:2", selection: false}}
rows:
  - {{name: its own options, model: {model}, config: {{guided_radius: 2, moment_reads: false}}}}
  - {{name: as it is, model: {model}, selection: true}}
  - {{name: published, model: {model}}}
"""


@pytest.fixture
def present(tiny, tmp_path):
    model = tiny(presence_threshold=0.0, guided_radius=2, moment_reads=False)
    model.save_pretrained(tmp_path / "model")
    path = tmp_path / "present.yaml"
    path.write_text(PRESENT.format(model=tmp_path / "model"))
    return path


def test_rows_of_present_weights_differ_by_their_options(present, tmp_path):
    plan = ablation.load(present)
    done = list(rows.entries(plan, present, tmp_path / "out"))
    by_name = {entry.row: [one.jf for one in entry.score.targets] for entry in done}
    # What a row sets counts where the model is asked as published, too.
    assert by_name["its own options"] == by_name["as it is"] != by_name["published"]
    assert list(rows.entries(plan, present, tmp_path / "out")) == done  # seconds included


def test_a_row_changes_no_option_that_weights_depend_on(present, tmp_path):
    present.write_text(present.read_text().replace("guided_radius: 2", "adapter_dim: 3"))
    with pytest.raises(RecipeError, match="Row 'its own options': 'config' cannot change 'adapter"):
        list(rows.entries(ablation.load(present), present, tmp_path / "out"))


def test_a_table_of_the_second_version_is_scored_on_it(present, tmp_path):
    text = present.read_text().replace("split: val", "split: val, world: v2")
    present.write_text(text.replace("guided_radius", "adapter_dim"))  # nothing is answered
    with pytest.raises(RecipeError, match="adapter_dim"):
        list(rows.entries(ablation.load(present), present, tmp_path / "out"))
    (run,) = tmp_path.rglob("run.json")
    assert json.loads(run.read_text())["source"] == "scenes of v2 from 0, 64 x 64 pixels"


def test_rows_are_compared_with_a_baseline(tmp_path):
    def entry(row, *values, seed=None):
        made = [
            ExpressionScore(f"v{n}", "0", "a dog", "motion", True, True, value, value, top1=True)
            for n, value in enumerate(values)
        ]
        return rows.Entry(row, seed, WorldScore(tuple(made), len(made)))

    path = tmp_path / "table.yaml"
    path.write_text(
        """\
title: A table
baseline: first
evaluation: {metrics: [jf, jf_error, top1, tiou]}
rows: [{name: first, model: a}, {name: second, model: a}, {name: third, model: a}]
"""
    )
    done = [
        entry("first", 0.2, 0.4),
        entry("second", 0.3, 0.7),
        entry("third", 0.2, 0.6, seed=0),
        entry("third", 0.4, 0.6, seed=1),
    ]
    assert rows.table(ablation.load(path), done).splitlines() == [
        "|  | jf | jf_error | top1 | tiou | jf against first | seeds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| first | 30.0 | 10.0 | 100.0 | - |  | 1 |",
        "| second | 50.0 | 20.0 | 100.0 | - | +20.0 ± 10.0 | 1 |",
        "| third | 45.0 ± 7.1 | 15.0 ± 7.1 | 100.0 ± 0.0 | - | +15.0 ± 5.0 | 2 |",
    ]


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
