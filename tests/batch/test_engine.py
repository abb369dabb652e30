"""The local engine with real processes that die, hang, lack memory and find the disk full."""

import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from momentvos.batch import Ask, Options, Query, run
from momentvos.errors import ModelError, OutputError
from momentvos.notice import handed_on

HERE = str(Path(__file__).parent)


@pytest.fixture
def odd(monkeypatch):
    monkeypatch.syspath_prepend(HERE)  # processes get the path too
    from odd_worker import OddWorker

    return OddWorker


@pytest.fixture
def query(tmp_path):
    """A query about the video of that name: query("a", "x", "y") asks it two sentences."""

    def make(name, *sentences):
        path = str(tmp_path / f"{name}.mp4")
        return Query(path, name, tuple(Ask(name, one) for one in sentences))

    return make


def status(lines, folder):
    return {
        (line["id"], line["sentence"]): (line["status"], line["tries"]) for line in lines(folder)
    }


@pytest.mark.slow
def test_what_may_pass_is_tried_again_and_what_does_not_is_a_line(odd, query, lines, tmp_path):
    out = tmp_path / "out"
    queries = [
        query("a", "x", "once memory", "y"),
        query("b", "x", "memory", "y"),
        query("c", "once device"),
        query("d", "x", "kill", "y"),
        query("e", "once kill"),
        query("f", "bug"),
        query("g", "x"),
    ]
    summary = run(odd(), queries, out, Options(workers=2))
    assert (summary.found, summary.failed, summary.missing) == (8, 5, 0)
    done = status(lines, out)
    assert len(lines(out)) == len(done) == 13
    assert done["a", "x"] == ("found", 1) and done["a", "y"] == ("found", 2)
    assert done["b", "x"] == ("found", 1)
    assert done["b", "memory"] == done["b", "y"] == ("failed", 3)
    assert done["c", "once device"] == done["e", "once kill"] == ("found", 2)
    assert done["d", "kill"] == ("failed", 3) and done["g", "x"] == ("found", 1)
    errors = {line["id"]: line["error"] for line in lines(out) if line["status"] == "failed"}
    assert errors["b"] == "It was tried 3 times: there is not enough memory"
    assert "SIGKILL" in errors["d"] and "nobody knows" in errors["f"]
    assert {line["failure"] for line in lines(out)} == {None, "transient"}


def test_failures_are_asked_again_only_on_request(odd, query, lines, tmp_path):
    out, queries = tmp_path / "out", [query("a", "x"), query("b", "once memory", "once kill")]
    options = Options(tries=1)
    assert run(odd(), queries, out, options).failed == 2
    again = run(odd(), queries, out, options)
    assert (again.now, again.failed) == (0, 2)
    whole = run(odd(), queries, out, Options(tries=1, retry_failed=True))
    assert (whole.failed, whole.found, whole.now) == (1, 2, 2)
    whole = run(odd(), queries, out, Options(tries=1, retry_failed=True))
    assert (whole.failed, whole.found, whole.now) == (0, 3, 1)
    assert len(lines(out)) == 6


def test_a_video_that_takes_too_long_is_given_up(odd, query, lines, tmp_path):
    out = tmp_path / "out"
    begin = time.monotonic()
    summary = run(odd(), [query("a", "x", "sleep"), query("b", "x")], out, Options(time_limit=1))
    assert time.monotonic() - begin < 30
    assert (summary.found, summary.failed) == (2, 1)
    (line,) = (line for line in lines(out) if line["status"] == "failed")
    assert line["failure"] == "time_limit" and "longer than 1 s" in line["error"]


def test_a_full_disk_ends_the_run_and_keeps_what_is_done(odd, query, lines, tmp_path):
    out, queries = tmp_path / "out", [query("a", "x"), query("b", "full"), query("c", "x")]
    with pytest.raises(OutputError, match="the disk is full"):
        run(odd(), queries, out)
    assert status(lines, out) == {("a", "x"): ("found", 1)}
    assert (out / "index.html").exists()


@pytest.mark.parametrize(
    ("fate", "said"), [("dies", "3 times: its process was ended by SIGKILL"), ("fails", "no such")]
)
def test_a_model_that_cannot_be_loaded_ends_the_run(odd, query, lines, tmp_path, fate, said):
    with pytest.raises(ModelError, match=said):
        run(odd(fate=fate), [query("a", "x")], tmp_path / "out")
    assert lines(tmp_path / "out") == []


def test_what_all_processes_warn_of_is_said_once_by_their_parent(odd, query, tmp_path, capfd):
    said, queries = [], [query("a", "x"), query("b", "x")]
    with handed_on(said.append):
        assert run(odd(fate="warns"), queries, tmp_path / "out", Options(workers=2)).found == 2
    assert said == ["the weights are old"]
    assert "the weights are old" not in capfd.readouterr().err
    with pytest.warns(RuntimeWarning, match="the weights are old"):
        run(odd(fate="warns"), [query("c", "x")], tmp_path / "again")


def test_shards_divide_the_videos_and_are_summarised_together(odd, query, lines, tmp_path):
    from momentvos.evaluation.shard import Shard

    out, queries = tmp_path / "out", [query(str(n), "x") for n in range(7)]
    first = run(odd(), queries, out, Options(shard=Shard(1, 3)))
    assert (first.now, first.missing) == (3, 4)
    for number in (2, 3):
        last = run(odd(), queries, out, Options(shard=Shard(number, 3)))
    assert (last.found, last.missing, last.now) == (7, 0, 2)
    assert Counter(line["id"] for line in lines(out)) == Counter(map(str, range(7)))
    assert sorted(path.name for path in out.glob("manifest*")) == [
        f"manifest-{number}-of-3.jsonl" for number in (1, 2, 3)
    ]
    assert run(odd(), queries, out).now == 0  # whoever asks for all finds all done


PROGRAM = """
import sys
sys.path.insert(0, {here!r})
from odd_worker import OddWorker
from momentvos.batch import Ask, Options, Query, run
if __name__ == "__main__":
    queries = [Query(f"{{sys.argv[1]}}/{{n}}.mp4", str(n), (Ask(str(n), "x"),)) for n in range(3)]
    queries.append(Query(f"{{sys.argv[1]}}/s.mp4", "s", (Ask("s", "once sleep"),)))
    print(run(OddWorker(), queries, sys.argv[1] + "/out", Options(workers=2)).found)
"""


@pytest.fixture
def other(tmp_path):
    """Another process with the same batch, which hangs at its last video; wait() until then."""
    import subprocess

    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(here=HERE))

    def begin(**options):
        running = subprocess.Popen([sys.executable, script, tmp_path], text=True, **options)
        end = time.monotonic() + 60
        manifest = tmp_path / "out/manifest.jsonl"
        while not (manifest.exists() and manifest.read_text().count("\n") >= 3):
            assert time.monotonic() < end and running.poll() is None
            time.sleep(0.05)
        return running

    return begin


def queries_of(folder):
    made = [Query(f"{folder}/{n}.mp4", str(n), (Ask(str(n), "x"),)) for n in range(3)]
    return [*made, Query(f"{folder}/s.mp4", "s", (Ask("s", "once sleep"),))]


def test_killed_in_the_middle_it_goes_on_and_nothing_is_done_twice(odd, other, lines, tmp_path):
    import psutil

    running = other()
    children = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    running.wait()
    psutil.wait_procs(children, timeout=10)
    assert not [one for one in children if one.is_running() and one.name().startswith("python")]
    manifest = tmp_path / "out/manifest.jsonl"
    with manifest.open("a") as file:
        file.write('{"schema":1,"id":"s","vid')  # as if torn
    summary = run(odd(), queries_of(tmp_path), tmp_path / "out")
    assert (summary.found, summary.now) == (4, 1)
    assert Counter(line["id"] for line in lines(tmp_path / "out")) == Counter("012s")
    done = Counter(line.split()[0] for line in (tmp_path / "log").read_text().splitlines())
    assert done == Counter({"0": 1, "1": 1, "2": 1, "s": 2})


def test_two_at_once_are_refused_unless_their_shards_differ(odd, other, query, tmp_path):
    from momentvos.evaluation.shard import Shard

    running = other()
    try:
        for shard in (Shard(), Shard(1, 2)):
            with pytest.raises(OutputError, match="Another process is writing"):
                run(odd(), [query("z", "x")], tmp_path / "out", Options(shard=shard))
        with pytest.raises(OutputError, match="Another process"):
            run(odd(), [query("z", "x")], tmp_path / "out", Options(restart=True))
    finally:
        running.kill()
        running.wait()


def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(other, tmp_path):
    import psutil

    running = other(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    children = psutil.Process(running.pid).children(recursive=True)
    os.kill(running.pid, signal.SIGINT)
    running.wait(timeout=20)
    psutil.wait_procs(children, timeout=10)
    assert not [one for one in children if one.is_running()]
    assert (tmp_path / "out/index.html").exists() and (tmp_path / "out/summary.csv").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "momentseg-mini"}, "its model is 'tgl-mini', not 'momentseg-mini'"),
        ({"grounder": "all"}, "its grounder is 'model', not 'all'"),
        ({"selection": False}, "its selection is 'on', not 'off'"),
        ({"save": "all"}, "its save is 'json', not 'all'"),
    ],
)
def test_going_on_with_other_options_is_refused(odd, query, tmp_path, change, said):
    run(odd(), [], tmp_path / "out")
    with pytest.raises(OutputError, match=f"{said}.*--restart"):
        run(odd(**change), [query("a", "x")], tmp_path / "out")


def test_restart_removes_results_and_nothing_else(odd, query, lines, tmp_path):
    out = tmp_path / "out"
    run(odd(), [query("a", "x")], out)
    (out / "mine.txt").write_text("mine")
    (out / "results/mine").mkdir(parents=True)
    summary = run(odd(save="none"), [query("b", "x")], out, Options(restart=True))
    assert summary.found == 1 and [line["id"] for line in lines(out)] == ["b"]
    assert (out / "mine.txt").exists() and (out / "results/mine").exists()


@pytest.mark.parametrize("name", ["index.html", "summary.csv", "results", "manifest.jsonl"])
def test_files_of_others_are_not_replaced(odd, query, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputError, match="belongs to no earlier batch"):
        run(odd(), [query("a", "x")], tmp_path / "out")
    assert (tmp_path / "out" / name).read_text() == "mine"
