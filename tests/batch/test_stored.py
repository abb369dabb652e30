"""A batch from a store to a store, and videos that are read there by ranges."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import momentvos
from momentvos.batch import Query, Worker
from momentvos.hub.load import known_models
from momentvos.object_store import below, read, upload, write


def batch(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "momentvos", "batch", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=500,
    )


def manifest(url):
    found = below(f"{url}/manifest")
    return [json.loads(line) for one in found for line in read(one).splitlines()]


@pytest.mark.slow
def test_a_batch_from_a_store_to_a_store_goes_on(bucket, secret, clips, tmp_path):
    folder = clips(2)
    for path in folder.iterdir():
        write(f"{bucket}/in/{path.name}", path.read_bytes())
    write(f"{bucket}/in/bad.mp4", b"no video")
    write(f"{bucket}/q.csv", b"video,sentence,id\nin/0.mp4,the dog,row7\n")
    words = [f"{bucket}/in", "-s", "the cat", "--queries", f"{bucket}/q.csv", "-o", f"{bucket}/out"]
    first = batch(*words, cwd=tmp_path)
    assert first.returncode == 1, first.stderr
    lines = {(line["id"], line["sentence"]): line for line in manifest(f"{bucket}/out")}
    assert len(lines) == len(manifest(f"{bucket}/out")) == 4
    (bad,) = (line for line in lines.values() if line["status"] == "failed")
    assert bad["video"] == f"{bucket}/in/bad.mp4" and bad["failure"] == "permanent"
    there = below(f"{bucket}/out")
    for name in ("batch.json", "index.html", "summary.csv"):
        assert f"{bucket}/out/{name}" in there
    local = batch(str(folder), "-s", "the cat", "-o", "local", cwd=tmp_path)
    assert local.returncode == 0, local.stderr
    wanted = (tmp_path / "local/manifest.jsonl").read_text().splitlines()
    for row in map(json.loads, wanted):
        (other,) = (
            line
            for line in lines.values()
            if line["video"] == f"{bucket}/in/{Path(row['video']).name}" and line["id"] != "row7"
        )
        same = ("status", "presence", "moment", "seconds", "length")
        assert [row[name] for name in same] == [other[name] for name in same]
        made = json.loads(read(f"{bucket}/out/{other['folder']}/prediction.json"))
        assert made["video"]["path"] == other["video"]
        assert f"{bucket}/out/{other['thumbnail']}" in there

    again = batch(*words, cwd=tmp_path)
    assert "nothing was left to do" in again.stdout and len(manifest(f"{bucket}/out")) == 4
    for text in (first.stdout, first.stderr, again.stderr, *map(str, lines.values())):
        assert secret not in text
    refused = batch(*words, "--restart", cwd=tmp_path)
    assert refused.returncode == 2 and "are not removed" in refused.stderr
    assert not (tmp_path / bucket.partition("/")[0]).exists()


def test_a_model_is_fetched_once(bucket, clips, tmp_path, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path / "home"))
    folder = next(one.path for one in known_models() if one.name == "tgl-mini")
    upload(Path(folder), f"{bucket}/models/mine")
    model = momentvos.load(f"{bucket}/models/mine", device="cpu")
    assert model.base_model_prefix == "tgl"
    (kept,) = (tmp_path / "home/stored").iterdir()
    before = (kept / "config.json").stat().st_mtime_ns
    worker = Worker(f"{bucket}/models/mine", device="cpu", threads=1)
    path = next(clips(1).iterdir())
    write(f"{bucket}/one.mp4", path.read_bytes())
    stored, local = (worker(Query.of(one, ["the cat"])) for one in (f"{bucket}/one.mp4", path))
    assert stored.answers[0].moment == local.answers[0].moment
    assert stored.answers[0].presence == local.answers[0].presence
    assert (kept / "config.json").stat().st_mtime_ns == before


def test_a_video_that_is_gone_is_a_line(bucket):
    worker = Worker(device="cpu", threads=1)
    (answer,) = worker(Query.of(f"{bucket}/gone.mp4", ["the cat"])).answers
    assert (answer.status, answer.failure) == ("failed", "permanent")
    assert answer.error == f"'{bucket}/gone.mp4' does not exist; check the address."
