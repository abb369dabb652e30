"""benchmarks/studio_round.py on one video: from the page to a training, and what it has seen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).parents[2] / "benchmarks" / "studio_round.py"


def test_a_round_from_the_page_to_training(browser, tmp_path):
    """browser: there is one, which the program starts by itself."""
    from momentvos.data import formats
    from momentvos.systems.pretrained import load_pretrained

    words = ["--videos", "1", "--steps", "2", "-o", tmp_path / "round"]
    done = subprocess.run(
        [sys.executable, PROGRAM, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    row = json.loads(done.stdout)
    assert row["expressions"] == row["agreement"]["expressions"] > 3
    assert row["keys a span"] <= 3
    assert 0 < row["agreement"]["tiou"] < 1 and row["agreement"]["alpha"] < 1
    assert row["decided by the reviewer"] == row["after two annotators"].get("disputed", 0)
    assert "disputed" not in row["after the reviewer"]
    assert row["export against the truth"]["tiou"] > 0.5
    assert row["training"]["steps"] == 2
    clips = row["clips"]
    assert clips["as in the studio"] == clips["drawn"] == 4
    samples = formats.open("mevis-m", tmp_path / "round" / "mevis-m")
    assert len(samples) == row["expressions"]
    assert all(one.timed for one in samples)
    assert load_pretrained(tmp_path / "round" / "run" / "last") is not None
