"""`momentvos eval world`, with a model that finds nothing, and with one that knows the truth."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import momentvos
from momentvos.cli import main
from momentvos.cli.evaluate import app
from momentvos.data.world import world_samples, write
from momentvos.errors import BenchmarkError, DataError, OutputError
from momentvos.evaluation.scenes import WorldSource
from momentvos.evaluation.world import evaluate_world
from momentvos.masklet import Masklet
from momentvos.moment import Moment

HEAD = ("schema", "model", "split", "seed", "moments", "size")
MEANS = ("jf", "j", "f", "inside", "outside", "top1", "tiou", "recall", "joint", "refused",
         "missed", "jf_all", "scored", "expected", "speed")  # fmt: skip
ROW = ("video", "expression", "sentence", "kind", "target", "found", "j", "f", "inside", "outside",
       "top1", "tiou", "presence", "extra")  # fmt: skip

KNOWN = {"jf": 0.41041226485822635, "j": 0.3599702351753983, "f": 0.4608542945410543,
         "inside": 0.39195693762976286, "outside": 0.42146221311755255, "top1": 1.0, "tiou": 1.0,
         "refused": 1.0, "missed": 0.0, "jf_all": 0.45954457612004074, "scored": 12,
         "expected": 12}  # fmt: skip
"""What the scorer before this one gave the truth, shifted by 3 pixels."""


NAME = "someone/blind"


class Blind:
    def __init__(self):
        self.selections = []

    def segment_each(self, video, sentences, moment=None, progress=None, *, selection=None):
        from momentvos.results.prediction import Prediction

        self.selections.append(selection)
        for text in sentences:
            yield Prediction(
                video=video.facts,
                sentence=text,
                model=NAME,
                found=False,
                presence=0.0,
                moment=Moment.empty(),
                seconds=(),
                relevance=(0.0,) * len(video),
                scores=(0.0,) * len(video),
                masklet=Masklet(video.size),
            )


@pytest.fixture
def blind():
    return Blind()


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The stand-in's name counts as a model's."""
    monkeypatch.setattr("momentvos.systems.pretrained.locate", lambda name: name)


@pytest.fixture
def run(monkeypatch, blind):
    asked = []
    monkeypatch.setitem(
        momentvos.__dict__,
        "load",
        lambda name, device, **how: asked.append((name, device)) or blind,
    )

    def run(*options, videos=("--videos", 1, "--size", 48)):
        command = ["world", "--model", NAME, "--quiet", *videos, *options]
        asked.clear()
        result = CliRunner().invoke(app, list(map(str, command)))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert asked in ([], [(NAME, "auto")])
        return result

    return run


def test_prints_a_table_by_kind(run):
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("|  | J&F |") and lines[2].startswith("| every kind |")
    assert len(lines) > 3


@pytest.mark.parametrize("moments", ["model", "oracle", "all"])
def test_writes_every_expression(run, tmp_path, moments):
    out = tmp_path / "score.json"
    assert run("--moments", moments, "-o", out).exit_code == 0
    data = json.loads(out.read_text())
    assert (data["model"], data["split"], data["moments"]) == (NAME, "test", moments)
    assert data["missed"] == 1 and data["scored"] == data["expected"] == len(data["expressions"])
    assert list(tmp_path.iterdir()) == [out]


def test_the_flat_file_keeps_its_keys_and_figures(tmp_path, painter, monkeypatch):
    model = painter(list(world_samples("test", 2, 3, 64)), shift=3)
    monkeypatch.setitem(momentvos.__dict__, "load", lambda name, device, **how: model)
    out = tmp_path / "score.json"
    command = ["world", "--videos", "2", "--size", "64", "--seed", "3", "-q", "-o", str(out)]
    assert CliRunner().invoke(app, command).exit_code == 0
    data = json.loads(out.read_text())
    assert tuple(data) == (*HEAD, *MEANS, "kinds", "expressions")
    assert [data[name] for name in HEAD[1:]] == ["tgl-mini", "test", 3, "model", 64]
    assert {tuple(kind) for kind in data["kinds"].values()} == {MEANS}
    assert {tuple(row) for row in data["expressions"]} == {ROW}
    assert {name: data[name] for name in KNOWN} == pytest.approx(KNOWN, abs=1e-12)
    assert {(row["presence"], len(row["extra"])) for row in data["expressions"]} == {(1.0, 0)}
    score = evaluate_world(model, videos=2, seed=3, size=64).to_json()
    assert data["expressions"] == score["expressions"]
    assert {name: data[name] for name in MEANS[:-1]} == {name: score[name] for name in MEANS[:-1]}


def test_a_bad_option_or_place_ends_before_the_work(run, tmp_path):
    with pytest.raises(DataError, match="is not a split"):
        run("--split", "holidays")
    assert run("--videos", 0).exit_code == 2
    (tmp_path / "score.json").mkdir()
    with pytest.raises(OutputError, match="folder"):
        run("-o", tmp_path / "score.json")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not a folder"):
        run("-o", tmp_path / "file")
    with pytest.raises(OutputError, match="there is no folder"):
        run("-o", tmp_path / "missing" / "score.json")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--shard", "1/2"], "give -o FOLDER"),
        (["--submit"], "give -o FOLDER"),
        (["--moments", "all", "--grounder", "oracle"], "give one of them"),
        (["--seed", "4", "--root", "."], "leave out --root"),
        (["--world", "v2", "--root", "."], "leave out --root"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(run, options, part):
    with pytest.raises(BenchmarkError, match=part):
        run(*options)


def test_a_folder_is_a_run_that_goes_on(run, tmp_path, monkeypatch):
    out = tmp_path / "run"
    first = run("-o", out)
    assert first.exit_code == 0 and first.stdout.splitlines()[2].startswith("| every kind |")
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    assert names == {"run.json", "answers", "results.json", "report.html"}
    data = json.loads((out / "results.json").read_text())
    assert data["benchmark"] == "momentworld" and data["missed"] == 1
    assert set(data["figures"]) == {"mevis-v2", "moments-and-masks", "qvhighlights"}
    monkeypatch.setitem(momentvos.__dict__, "load", None)
    again = run("-o", out)
    assert again.exit_code == 0 and again.stdout.split("|")[:-2] == first.stdout.split("|")[:-2]


def test_shards_meet_in_the_folder(run, tmp_path):
    options = ["-o", tmp_path / "run"]
    videos = ("--videos", 2, "--size", 48)
    one = run(*options, "--shard", "1/2", videos=videos)
    assert "for others to answer" in one.stderr and not one.stdout
    two = run(*options, "--shard", "2/2", videos=videos)
    assert two.stdout.startswith("|  | J&F |")
    expected = sum(len(group) for group in WorldSource(0, 48).videos("test", 2))
    assert f"{expected} / {expected}" in two.stdout


def test_the_second_version_is_asked_where_it_is_named(run, tmp_path):
    out = tmp_path / "score.json"
    assert run("--world", "v2", "-o", out).exit_code == 0
    data = json.loads(out.read_text())
    (group,) = WorldSource(0, 48, "v2").videos("test", 1)
    assert data["world"] == "v2"
    assert {row["video"] for row in data["expressions"]} == {"world_v2_test_000000"}
    assert [row["sentence"] for row in data["expressions"]] == [one.sentence for one in group]
    run("-o", tmp_path / "run", "--world", "v2")
    with pytest.raises(OutputError, match="its source is 'scenes of v2 from 0, 48 x 48 pixels'"):
        run("-o", tmp_path / "run")


@pytest.mark.parametrize("options", [["--size", 64], ["--seed", 1], ["--world", "v2"]])
def test_another_run_of_scenes_is_refused(run, tmp_path, options):
    run("-o", tmp_path / "run")
    with pytest.raises(OutputError, match="its source is 'scenes from 0, 48 x 48 pixels', not"):
        run("-o", tmp_path / "run", *options)


def test_scenes_are_read_from_disk_as_well(run, small_world, tmp_path):
    out = tmp_path / "score.json"
    result = run("--root", small_world(), "-o", out, videos=())
    assert result.exit_code == 0
    data = json.loads(out.read_text())
    assert tuple(data) == (*HEAD, *MEANS, "kinds", "expressions")
    assert data["scored"] == 6 and data["seed"] is None


def test_the_system_as_published_is_a_run_of_its_own(run, blind, tmp_path):
    run("-o", tmp_path / "on")
    assert blind.selections == [None]
    run("-o", tmp_path / "off", "--no-selection")
    assert blind.selections == [None, False]
    for place, value, options in (("on", True, ["--no-selection"]), ("off", False, [])):
        path = tmp_path / place / "run.json"
        manifest = json.loads(path.read_text())
        assert manifest["selection"] is value
        for shard in ([], ["--shard", "2/2"]):
            with pytest.raises(OutputError, match="its selection is"):
                run("-o", tmp_path / place, *options, *shard)
    words = ("world", "--model", NAME, "--videos", 1, "--size", 48, "--shard", "2/2", "-q")
    command = ["eval", *words, "-o", tmp_path / "off"]
    result = CliRunner().invoke(main.app, list(map(str, command)))
    assert result.exit_code == 2 and "its selection is 'off', not 'on'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert json.loads((tmp_path / "off" / "results.json").read_text())["selection"] == "off"
    assert "selection" in (tmp_path / "off" / "report.html").read_text()


def test_a_run_from_before_selection_goes_on_with_it(run, tmp_path):
    out = tmp_path / "run"
    run("-o", out)
    path = out / "run.json"
    manifest = json.loads(path.read_text())
    del manifest["selection"]
    path.write_text(json.dumps(manifest))
    assert run("-o", out).exit_code == 0
    with pytest.raises(OutputError, match="its selection is 'on', not 'off'"):
        run("-o", out, "--no-selection")


def test_scenes_are_drawn_once_and_alike():
    (group,) = WorldSource(2, 48).videos("test", 1)
    sample = next(one for one in group if one.targets)
    frames, masks = sample.frames([1, 5]), sample.masks([1, 5])
    video = sample.video()
    assert (sample.frames([1, 5]) == frames).all() and (sample.masks([1, 5]) == masks).all()
    assert group[-1].drawing.shows(sample.scene) and len(video) == sample.length
    assert sample == replace(sample)


def test_written_scenes_are_the_same_benchmark(run, tmp_path):
    root = write(tmp_path / "set", "test", 1, size=48)
    made, read = tmp_path / "made.json", tmp_path / "read.json"
    run("-o", made)
    run("--root", root, "-o", read, videos=())
    made, read = (json.loads(path.read_text()) for path in (made, read))
    assert made["expressions"] == read["expressions"]
