"""``momentvos batch`` as a user meets it; the engine's own tests are in tests/batch."""

import csv
import json
import re
from pathlib import Path

import pytest

from momentvos import Prediction


@pytest.fixture(scope="module")
def ran(tmp_path_factory, write_clip):
    """A batch of three clips, a bad file and a table, by the real program: (folder, process)."""
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("ran")
    (folder / "clips/sub").mkdir(parents=True)
    for name in ("1", "sub/1"):
        write_clip(folder / f"clips/{name}.mp4", frames=4)
    (folder / "clips/<b>&.mp4").write_text("no video")
    (folder / "q.csv").write_text("video,sentence,moment,id\nclips/1.mp4,the dog,0:1,row7\n")
    words = ["clips", "-s", "the <i>cat</i>", "--queries", "q.csv", "-o", "out"]
    process = subprocess.run(
        [sys.executable, "-m", "momentvos", "batch", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=300,
    )
    return folder, process


def test_a_bad_file_is_a_line_and_exit_code_1(ran):
    folder, process = ran
    assert process.returncode == 1, process.stderr
    assert "Traceback" not in process.stderr
    assert "3 videos, 4 questions: tgl-mini on auto" in process.stderr
    lines = [json.loads(line) for line in (folder / "out/manifest.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    (bad,) = (line for line in lines if line["status"] == "failed")
    assert bad["video"] == "clips/<b>&.mp4" and "is not a video" in bad["error"]
    for said in ("the <i>cat</i>", "failed   'clips/<b>&.mp4' is not a video", "out/index.html"):
        assert said in process.stdout
    (row,) = (line for line in lines if line["id"] == "row7")
    assert row["folder"].startswith("results/row7/the-dog-") and row["asked_moment"] == "0:1"
    assert Prediction.load(folder / "out" / row["folder"]).relevance == (1, 1, 0, 0)


def test_the_page_needs_nothing_from_elsewhere(ran):
    folder, _ = ran
    page = (folder / "out/index.html").read_text()
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page) and "http" not in page
    assert "<i>cat</i>" not in page and "<b>&" not in page
    text = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    data = json.loads(text)
    assert data["sentences"] == ["the <i>cat</i>", "the dog"] or len(data["sentences"]) == 2
    assert len(data["rows"]) == 4
    for row in data["rows"]:
        if row[2] != "failed":
            assert (folder / "out/thumbnails" / row[6]).is_file()
            assert (folder / "out/results" / row[7] / "prediction.json").is_file()


def test_the_table_reads_back(ran):
    folder, _ = ran
    with (folder / "out/summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 and {row["status"] for row in rows} >= {"failed"}
    for row in rows:
        spans = [one.split("-") for one in row["moments"].split(";") if one]
        assert bool(spans) == (row["status"] == "found")
        if spans:
            assert float(spans[0][0]) == pytest.approx(float(row["start"]))


def test_the_same_command_has_nothing_left_to_do(ran, cli, monkeypatch):
    folder, _ = ran
    before = (folder / "out/manifest.jsonl").read_bytes()
    monkeypatch.chdir(folder)
    words = ("batch", "clips", "-s", "the <i>cat</i>", "-o", "out")
    result = cli(*words, "--json", "-q")
    assert result.exit_code == 1 and result.stderr == ""
    summary = json.loads(result.stdout)
    assert (summary["now"], summary["failed"], summary["questions"]) == (0, 1, 3)
    assert (folder / "out/manifest.jsonl").read_bytes() == before
    refused = cli(*words, "--model", "vrshq-mini")
    assert refused.exit_code == 2 and "choose another folder" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "-s", "x"], "'nowhere' does not exist"),
        (["clips", "the cat"], "Sentences follow -s"),
        (["clips"], "Say what to find"),
        ([], "nothing to do"),
        (["clips", "-s", " "], "The sentence is empty"),
        (["clips", "-s", "x", "--model", "tgl-mina"], "There is no model 'tgl-mina'"),
        (["clips", "-s", "x", "-g", "nobody"], "no grounder 'nobody'"),
        (["clips", "-s", "x", "--device", "gpu7"], "'gpu7' is not there"),
        (["clips", "-s", "x", "--shard", "5/4"], "'5/4' is no shard"),
        (["clips", "-s", "x", "--shard", "1/2", "--restart"], "without --shard"),
        (["clips", "-s", "x", "-o", "clips/1.mp4"], "is not a folder"),
        (["--queries", "bad.csv"], "'bad.csv', line 2: it has no sentence"),
        (["--queries", "gone.csv"], "'gone.csv' cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cli, words, said):
    Path("clips").mkdir()
    Path("clips/1.mp4").write_bytes(b"x")
    Path("bad.csv").write_text("video,sentence\na.mp4,\n")
    result = cli("batch", *words)
    assert result.exit_code == 2 and said in result.stderr, result.output
    assert len(result.stderr.splitlines()) <= 2 and not Path("batch").exists()


@pytest.mark.slow
def test_the_real_program_killed_twice_goes_on_and_does_nothing_twice(tmp_path, write_clip):
    import os
    import subprocess
    import sys
    import time

    import psutil

    (tmp_path / "clips").mkdir()
    for number in range(12):
        write_clip(tmp_path / f"clips/{number}.mp4", frames=6)
    words = ["batch", "clips", "-s", "the dog", "-s", "a cat", "-o", "out", "--workers", "2", "-q"]
    manifest = tmp_path / "out/manifest.jsonl"

    def begin():
        return subprocess.Popen(
            [sys.executable, "-m", "momentvos", *words],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def done():
        return manifest.read_text().count("\n") if manifest.exists() else 0

    for target in (4, 12):
        running = begin()
        end = time.monotonic() + 120
        while done() < target:
            assert running.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        children = psutil.Process(running.pid).children(recursive=True)
        if target == 12:  # a worker alone: the run itself goes on
            max(children, key=lambda one: one.memory_info().rss).kill()
            assert running.wait(timeout=120) == 0
            break
        running.kill()
        running.wait()
        psutil.wait_procs(children, timeout=10)
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert len(rows) == len({(row["video"], row["sentence"]) for row in rows}) == 24
    assert all(row["status"] != "failed" for row in rows)
    for row in rows:
        assert Prediction.load(tmp_path / "out" / row["folder"]).sentence == row["sentence"]
    assert not [one for one in (tmp_path / "out").rglob(".momentvos-*") if one.is_dir()]
