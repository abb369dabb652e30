"""The leaderboard of the joint benchmark: a file, and the same figures on its page."""

import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = ("M&M", "quality", "J&F in M+", "false in M-", "tIoU", "T-acc", "N-acc", "standard error")


@pytest.fixture
def board():
    return json.loads((DOCS / "joint-leaderboard.json").read_text("utf-8"))


def test_every_row_is_about_the_same_videos(board):
    assert board["protocol"] == "moments-and-masks"
    assert board["data"] == {"world": "v2", "split": "test", "seed": 9000, "size": 256}
    assert len({row["videos"] for row in board["rows"]}) == 1
    assert len({row["system"] for row in board["rows"]}) == len(board["rows"])
    assert len({row["figures"]["expected"] for row in board["rows"]}) == 1


def test_the_page_shows_what_the_file_holds(board):
    page = (DOCS / "joint-benchmark.md").read_text("utf-8")
    for row in board["rows"]:
        figures = row["figures"]
        cells = ["-" if figures[n] is None else f"{100 * figures[n]:.1f}" for n in COLUMNS]
        counts = f"{figures['scored']} / {figures['expected']}"
        assert "| " + " | ".join([row["system"], *cells, counts]) + " |" in page
    assert f"{board['rows'][0]['videos']} scenes" in page


def test_what_a_row_says_fits_together(board):
    for row in board["rows"]:
        figures = row["figures"]
        if row["system"] == "rule: nothing, ever":
            assert figures["N-acc"] == 1 and figures["quality"] == 0
        if row["system"] == "rule: the true masks, always":
            assert figures["J&F in M+"] == figures["T-acc"] == 1
            assert figures["quality"] == pytest.approx(figures["tIoU"])
