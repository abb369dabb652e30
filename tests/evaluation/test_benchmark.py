"""`momentvos eval BENCHMARK` and `eval score` with the bundled model, in real processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import momentvos
from momentvos.cli.main import app
from momentvos.data.formats import DATASETS, Dataset, Published
from momentvos.data.formats.mevis import read
from momentvos.errors import BenchmarkError
from momentvos.evaluation.benchmark import BenchmarkRun, Request
from momentvos.evaluation.benchmarks import BENCHMARKS, Benchmark, Layout
from momentvos.evaluation.protocols import PROTOCOLS
from momentvos.evaluation.score_folder import score_predictions
from momentvos.evaluation.store import FOLDER

FIGURES = ("jf", "j", "f", "inside", "outside", "top1", "tiou", "refused", "missed", "jf_all")


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(app, ["eval", *map(str, words), "--quiet"])


@pytest.fixture(scope="session")
def world(small_world):
    return small_world(3, 6, 3)


@pytest.fixture(scope="session")
def straight(world, tmp_path_factory):
    """The folder of a run that nothing has disturbed."""
    out = tmp_path_factory.mktemp("straight") / "run"
    command = ["eval", "momentworld", "--root", str(world), "-o", str(out), "--submit", "-q"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return out


def results(out):
    data = json.loads((out / "results.json").read_text())
    data.pop("speed")
    for values in data["breakdown"].values():
        for score in values.values():
            score.pop("speed")
    return data


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "momentvos", "eval", *map(str, words), "--quiet"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answered(out):
    return sum(path.read_bytes().count(b"\n") for path in (out / FOLDER).glob("*.jsonl"))


def test_a_run_writes_figures_a_report_and_a_submission(straight, world):
    data = results(straight)
    assert data["scored"] == data["expected"] == len(data["expressions"]) == 9
    assert data["benchmark"] == "momentworld" and data["failed"] == 0
    rows = [(one["j"] + one["f"]) / 2 for one in data["expressions"]]
    masks, moments = data["figures"]["mevis-v2"], data["figures"]["qvhighlights"]
    assert masks["J&F"] == pytest.approx(sum(rows) / 9, abs=1e-12)
    assert masks["scored"] == 9 and 0 < moments["expected"] <= 9
    assert 0 <= moments["R1@0.5"] <= 1 and set(FIGURES) <= set(data)
    report = (straight / "report.html").read_text()
    assert report.count("data:image/jpeg;base64") >= 9 and "tgl-mini on momentworld" in report
    with zipfile.ZipFile(straight / "submission.zip") as archive:
        assert len(archive.namelist()) == 9 * 6


def test_running_once_more_asks_nothing_and_says_the_same(
    run, straight, world, tmp_path, monkeypatch
):
    out = tmp_path / "copy"
    shutil.copytree(straight, out)
    for name in ("results.json", "report.html"):
        (out / name).unlink()
    monkeypatch.setitem(momentvos.__dict__, "load", None)
    result = run("momentworld", "--root", world, "-o", out)
    assert result.exit_code == 0 and "9 / 9" in result.stdout
    assert results(out) == results(straight)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_comes_to_the_same(run, straight, world, tmp_path):
    out = tmp_path / "run"
    process = start("momentworld", "--root", world, "-o", out)
    until = time.monotonic() + 120
    while not (out / FOLDER).exists() or not answered(out):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = answered(out)
    assert 0 < kept < 9 and not (out / "results.json").exists()
    path = out / FOLDER / "1-of-1.jsonl"
    before = path.read_bytes()[: path.read_bytes().rindex(b"\n") + 1]
    path.write_bytes(before + b'{"video":"world_te')
    assert run("momentworld", "--root", world, "-o", out).exit_code == 0
    assert path.read_bytes().startswith(before) and answered(out) == 9
    assert results(out) == results(straight)


@pytest.mark.slow
def test_two_processes_share_the_work_and_the_last_one_joins_it(straight, world, tmp_path):
    out = tmp_path / "run"
    processes = [
        start("momentworld", "--root", world, "-o", out, "--shard", f"{n}/2") for n in (1, 2)
    ]
    told = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    assert any("9 / 9" in text for text, _ in told)
    assert all("9 / 9" in text or "for others to answer" in errors for text, errors in told)
    assert answered(out) == 9 and len(list((out / FOLDER).iterdir())) == 2
    assert results(out) == results(straight)


@pytest.mark.slow
def test_a_launcher_gives_every_process_its_shard(straight, world, tmp_path):
    out = tmp_path / "run"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    launch += ["-m", "momentvos", "eval", "momentworld", "--root", str(world), "-o", str(out)]
    for _ in range(2):
        result = subprocess.run(
            launch,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("| mevis-v2 |") == 1
    assert {path.name for path in (out / FOLDER).iterdir()} == {"1-of-2.jsonl", "2-of-2.jsonl"}
    assert results(out) == results(straight)


def test_what_fails_is_counted_named_and_asked_again(run, world, straight, tmp_path):
    root, out = tmp_path / "world", tmp_path / "run"
    shutil.copytree(world, root)
    frame = sorted((root / "JPEGImages").glob("*/*.jpg"))[8]
    whole = frame.read_bytes()
    frame.write_bytes(b"no picture")
    result = run("momentworld", "--root", root, "-o", out, "--submit")
    assert result.exit_code == 2 and "lack 3 of 9" in result.stderr and "6 / 9" in result.stdout
    data = results(out)
    assert data["failed"] == 3 and data["scored"] == 6
    assert sum(str(frame) in (one["error"] or "") for one in data["expressions"]) == 3
    assert str(frame.name) in (out / "report.html").read_text()
    result = run("momentworld", "--root", root, "-o", out, "--submit", "--incomplete")
    assert result.exit_code == 1 and "3 of 9 expressions failed" in result.stderr
    assert len(zipfile.ZipFile(out / "submission.zip").namelist()) == 36
    result = run("momentworld", "--root", root, "-o", tmp_path / "other", "--stop")
    assert result.exit_code == 2 and str(frame) in result.stderr
    frame.write_bytes(whole)
    assert run("momentworld", "--root", root, "-o", out).exit_code == 0
    assert results(out) == results(straight)


def test_oracle_moments_are_not_scored_and_leave_out_what_is_not_there(run, world, tmp_path):
    result = run("momentworld", "--root", world, "-o", tmp_path / "o", "--grounder", "oracle")
    assert result.exit_code == 0
    data = results(tmp_path / "o")
    meta = json.loads((world / "meta_expressions.json").read_text())["videos"].values()
    absent = sum(not one["anno_id"] for v in meta for one in v["expressions"].values())
    assert data["left_out"] == absent and data["expected"] == 9 - absent
    assert data["tiou"] is None and data["top1"] is None
    assert absent == 0 or f"{absent} expressions without a target" in result.stderr


def test_a_submission_scores_as_the_run_did(run, straight, world, tmp_path):
    folder = tmp_path / "predictions"
    zipfile.ZipFile(straight / "submission.zip").extractall(folder)
    command = ("score", folder, "--root", world, "--benchmark", "momentworld", "-o", tmp_path / "s")
    result = run(*command)
    assert result.exit_code == 0 and "9 / 9" in result.stdout
    ran, scored = results(straight), results(tmp_path / "s")
    for name in ("jf", "j", "f", "inside", "outside", "jf_all"):
        assert scored[name] == pytest.approx(ran[name], abs=1e-12)
    assert scored["tiou"] is None and scored["faults"] == []
    video = sorted(path for path in folder.iterdir())[0]
    shutil.rmtree(video)
    (folder / "surplus").mkdir()
    result = run(*command)
    assert result.exit_code == 1 and "6 / 9" in result.stdout
    assert f"missing: {video}" in result.stderr and f"extra: {folder / 'surplus'}" in result.stderr
    assert "3 of 9 expressions could not be scored" in result.stderr
    assert [fault["kind"] for fault in results(tmp_path / "s")["faults"]] == ["missing", "extra"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--split", "holidays"], "no split 'holidays'"),
        (["--shard", "3/2"], "no shard"),
        (["--grounder", "orakel"], "no grounder"),
        (["--model", "nothing"], "no model 'nothing'"),
        (["--root", "nowhere"], "'nowhere' is no folder"),
    ],
)
def test_bad_options_are_one_sentence(run, world, tmp_path, words, said):
    result = run("momentworld", "--root", world, "-o", tmp_path / "run", *words)
    assert result.exit_code == 2 and said in result.stderr
    assert "Traceback" not in result.stderr and result.stderr.startswith("Error: ")


def test_another_run_does_not_mix_into_the_folder(run, straight, world):
    result = run("momentworld", "--root", world, "-o", straight, "--grounder", "all")
    assert result.exit_code == 2 and "another run (its grounder is 'model'" in result.stderr


def test_score_says_what_it_cannot_read(run, world, tmp_path):
    score = ("score", tmp_path / "none", "--root", world, "--benchmark")
    assert "no folder" in run(*score, "momentworld").stderr
    assert "no benchmark 'mevys'" in run(*score, "mevys").stderr


def test_nothing_scored_is_no_figure(run, world, tmp_path):
    empty, out = tmp_path / "none", tmp_path / "out"
    empty.mkdir()
    result = run(
        "score", empty, "--root", world, "--benchmark", "momentworld", "-o", out, "--quiet"
    )
    assert result.exit_code == 1
    cells = [cell.strip() for cell in result.stdout.splitlines()[2].split("|")[2:-1]]
    assert cells == [*"-" * (len(cells) - 1), "0 / 9"]
    report = (out / "report.html").read_text()
    assert "<td>momentworld</td>" not in report and ".00</td>" not in report


def test_a_split_without_public_masks_is_answered_and_submitted(
    world, tmp_path, painter, monkeypatch
):
    known = read(world)

    def hidden(root, split, report):
        return [replace(one, targets=(), annotated=False, timed=False) for one in read(root)]

    data = Dataset("secret", "Secret", "masks", {"valid": Published()}, "", hidden)
    secret = Benchmark("secret", "", ("mevis",), Layout("Annotations", "a server"))
    monkeypatch.setitem(DATASETS, "secret", data)
    monkeypatch.setitem(BENCHMARKS, "secret", secret)
    job = BenchmarkRun(Request("secret", world, "owner/name", tmp_path / "run"))
    state = job.answer(lambda: painter(known))
    assert (state.missing, state.asked, state.failed) == (0, 9, 0)
    outcome = job.conclude()
    assert len(outcome.unscored) == 9 and not outcome.rows and not outcome.errors
    assert outcome.metrics == {}
    assert results(tmp_path / "run")["unscored"] == 9
    report = (tmp_path / "run" / "report.html").read_text()
    assert "masks not public" in report and report.count("data:image/jpeg") == 9
    path, count = job.submit()
    assert count == 54 and zipfile.ZipFile(path).namelist()[0].startswith("Annotations/")
    with pytest.raises(BenchmarkError, match="not known"):
        BenchmarkRun(Request("secret", world, "m", tmp_path / "o", grounder="oracle"))
    with pytest.raises(BenchmarkError, match="not public; submit"):
        score_predictions(tmp_path, "secret", world)


def test_a_benchmark_without_server_takes_no_submission():
    with pytest.raises(BenchmarkError, match="takes no submissions"):
        _ = Benchmark("local", "", ("mevis",)).submission


def test_every_data_set_is_a_benchmark_with_protocols():
    assert set(BENCHMARKS) == set(DATASETS)
    for name, one in BENCHMARKS.items():
        assert one.name == name and one.split() in DATASETS[name].splits
        assert set(one.protocols) <= set(PROTOCOLS)
        assert one.masks == (DATASETS[name].kind != "moments")


def test_a_split_without_expressions_is_refused(run, tmp_path):
    (tmp_path / "meta_expressions.json").write_text('{"videos": {}}')
    (tmp_path / "mask_dict.json").write_text("{}")
    result = run("momentworld", "--root", tmp_path, "-o", tmp_path / "run")
    assert result.exit_code == 2 and "holds no expression" in result.stderr
    assert not (tmp_path / "run").exists()
