"""`momentvos eval --engine ray` on a real cluster of this machine."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest
from tests.ray_nodes import nodes
from typer.testing import CliRunner

from momentvos.cli.main import app

FEW = ("speed", "breakdown")
"""What has seconds in it."""


def figures(out):
    data = json.loads((out / "results.json").read_text())
    return {name: value for name, value in data.items() if name not in FEW}


def lines(out):
    paths = sorted((out / "answers").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def answers(out):
    same = ("error", "scores", "prediction")
    return {(one["video"], one["expression"]): [one[name] for name in same] for one in lines(out)}


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_has_the_figures_of_one_process(
    small_world, tmp_path, tmp_path_factory
):
    pytest.importorskip("ray", reason="Ray is not installed (extra ray)")
    root, out = small_world(6, 6, 3), tmp_path / "out"
    words = ["eval", "momentworld", "--root", str(root), "--device", "cpu", "-q"]
    with nodes(tmp_path_factory.mktemp("r")) as cluster:
        cluster.start()
        second = cluster.start()

        def lose_it():
            while not (out / "answers").is_dir() or not lines(out):
                time.sleep(0.05)
            second.lose()

        watch = threading.Thread(target=lose_it, daemon=True)
        watch.start()
        there = ["--engine", "ray", "--address", cluster.address]
        made = subprocess.run(
            [sys.executable, "-m", "momentvos", *words, "-o", str(out), *there],
            env=os.environ | {"OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"},
            capture_output=True,
            text=True,
            timeout=1200,
        )
    assert made.returncode == 0, made.stderr
    assert not watch.is_alive()
    keys = [(line["video"], line["expression"]) for line in lines(out)]
    assert len(keys) == len(set(keys)) == 18
    local = tmp_path / "local"
    result = CliRunner().invoke(app, [*words, "-o", str(local)])
    assert result.exit_code == 0, result.output
    assert figures(out) == figures(local)
    assert answers(out) == answers(local)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--address", "10.0.0.1:6379"], "add --engine ray"),
        (["--workers", "4"], "An evaluation has one process here"),
    ],
)
def test_options_of_a_cluster_need_one(words, said, tmp_path):
    result = CliRunner().invoke(app, ["eval", "world", "--videos", "1", *words])
    assert said in result.output + str(result.exception)


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("momentvos.batch.ray_cluster.find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["eval", "world", "--videos", "1", "--engine", "ray"])
    assert "pip install 'momentvos[ray]'" in result.output + str(result.exception)
