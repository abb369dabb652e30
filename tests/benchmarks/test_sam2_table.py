"""benchmarks/sam2_table.py sets each row beside the uncompiled ones of its model and size."""

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "sam2_table.py"


def test_ratios():
    def row(mode, seconds, objects=1):
        return {
            "model": "tiny",
            "pixels": 512,
            "objects": objects,
            "mode": mode,
            "s/frame": seconds,
        }

    compared = runpy.run_path(str(PROGRAM))["compared"]
    rows = [row("float32", 8.0), row("bfloat16", 4.0), row("bfloat16+compile", 2.0)]
    rows += [row("bfloat16+compile", 1.0, objects=4), row("float32+compile", 5.0)]
    for _ in range(2):
        rows = compared(rows, "s/frame")
    assert [one.get("x eager") for one in rows] == [None, None, 2, None, pytest.approx(1.6)]
    eager = [one.get("x eager float32") for one in rows]
    assert eager == [None, 2, 4, None, pytest.approx(1.6)]
