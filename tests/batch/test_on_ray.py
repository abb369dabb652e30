"""The Ray engine on a real cluster of this machine: two raylets, one of which is killed."""

import json
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.ray_nodes import nodes

from momentvos.batch import Ask, Options, Query, gather, run
from momentvos.errors import ClusterError, OutputError

ray = pytest.importorskip("ray", reason="Ray is not installed (extra ray)")
HERE = str(Path(__file__).parent)
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path_factory):
    with nodes(tmp_path_factory.mktemp("r")) as made:
        yield made


@pytest.fixture
def tracked(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    from tracked_worker import TrackedWorker

    return TrackedWorker


@pytest.fixture
def odd(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    from odd_worker import OddWorker

    return OddWorker


SAME = ("id", "sentence", "status", "presence", "moment", "seconds", "length", "method", "notes")


def figures(rows):
    return {(row["id"], row["sentence"]): [row[name] for name in SAME] for row in rows}


def test_a_node_that_is_lost_takes_nothing_along(tracked, cluster, clips, lines, tmp_path):
    folder, out = clips(16), tmp_path / "out"
    (folder / "bad.mp4").write_text("no video")
    queries = gather([str(folder)], ["the cat", "the square"], None, out=out)
    cluster.start()
    second = cluster.start()
    log, lost = folder / "log", threading.Event()

    def lose_it() -> None:
        while not lost.is_set():
            if log.exists() and f" {second.raylet}\n" in log.read_text():
                second.lose()
                lost.set()
            time.sleep(0.05)

    watch = threading.Thread(target=lose_it, daemon=True)
    watch.start()
    worker = tracked(device="cpu", threads=1)
    options = Options(engine="ray", address=cluster.address, tries=1)  # a lost node costs none
    summary = run(worker, queries, out, options)
    assert lost.is_set(), "the second node never had work"
    done = Counter((line["id"], line["sentence"]) for line in lines(out))
    assert set(done.values()) == {1} and len(done) == 34
    assert (summary.questions, summary.missing, summary.failed) == (34, 0, 2)
    asked = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert len(asked) == 17 and max(asked.values()) > 1  # what was under way was done anew
    assert {line["tries"] for line in lines(out)} == {1}

    again = run(worker, queries, out, options)
    assert again.now == 0 and len(lines(out)) == 34

    local = tmp_path / "local"
    run(tracked(device="cpu", threads=1), queries, local)
    assert figures(lines(local)) == figures(lines(out))
    for row in lines(out):
        if row["folder"]:
            made, wanted = (
                json.loads((one / row["folder"] / "prediction.json").read_text())
                for one in (out, local)
            )
            assert made == wanted

    import pyarrow.parquet as parquet

    table = parquet.read_table(out / "answers.parquet").to_pylist()
    assert figures(table) == figures(lines(out))


def test_what_fails_is_told_apart_as_by_the_local_engine(odd, cluster, lines, tmp_path):
    def query(name, *sentences):
        path = str(tmp_path / f"{name}.mp4")
        return Query(path, name, tuple(Ask(name, one) for one in sentences))

    cluster.start()
    queries = [
        query("a", "x", "once memory", "y"),
        query("b", "x", "memory", "y"),
        query("c", "once device"),
        query("d", "x", "kill", "y"),
        query("e", "once kill"),
        query("f", "bug"),
        query("g", "x", "sleep"),
    ]
    out = tmp_path / "out"
    options = Options(engine="ray", address=cluster.address, workers=1, time_limit=5)
    summary = run(odd(), queries, out, options)
    done = {(line["id"], line["sentence"]): line for line in lines(out)}
    assert len(lines(out)) == len(done) == 14 and summary.missing == 0
    found = {key for key, line in done.items() if line["status"] == "found"}
    assert found >= {("a", "x"), ("a", "y"), ("b", "x"), ("c", "once device"), ("e", "once kill")}
    assert done["a", "y"]["tries"] == 2
    assert done["b", "memory"]["error"] == "It was tried 3 times: there is not enough memory"
    assert done["d", "kill"]["failure"] == "transient" and "lost" in done["d", "kill"]["error"]
    assert "nobody knows" in done["f", "bug"]["error"]
    assert done["g", "sleep"]["failure"] == "time_limit" and ("g", "x") in found

    with pytest.raises(OutputError, match="the disk is full"):
        run(odd(), [query("h", "full")], tmp_path / "full", options)
    with pytest.raises(ClusterError, match="no such weights"):
        run(odd(fate="fails"), [query("i", "x")], tmp_path / "fails", options)
    with pytest.raises(ClusterError, match=r"could not be loaded, 3 times: the process .* lost"):
        run(odd(fate="dies"), [query("j", "x")], tmp_path / "dies", options)


def test_several_actors_that_crash_leave_nothing_undone(odd, cluster, lines, tmp_path):
    cluster.start(cpus=2)
    words = ["once kill", "x", "once device", "once kill", "x", "kill"]
    queries = [
        Query(str(tmp_path / f"{number}.mp4"), str(number), (Ask(str(number), word),))
        for number, word in enumerate(words)
    ]
    out = tmp_path / "out"
    summary = run(odd(), queries, out, Options(engine="ray", address=cluster.address))
    assert (summary.found, summary.failed, summary.missing) == (5, 1, 0)
    tries = {line["sentence"]: line["tries"] for line in lines(out)}
    assert tries == {"once kill": 2, "x": 1, "once device": 2, "kill": 3} and len(lines(out)) == 6
    answered = {line.split()[1] for line in (tmp_path / "log").read_text().splitlines()}
    assert len(answered) > 2


def test_no_cluster_is_one_sentence(odd, tmp_path):
    queries = [Query(str(tmp_path / "a.mp4"), "a", (Ask("a", "x"),))]
    options = Options(engine="ray", address="127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"No Ray cluster at '127.0.0.1:9'"):
        run(odd(), queries, tmp_path / "out", options)
