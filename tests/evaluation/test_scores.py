import json
import math

import numpy as np
import pytest

from momentvos.errors import OutputError
from momentvos.evaluation.report import table
from momentvos.evaluation.scores import ExpressionScore, WorldScore, join
from momentvos.results.text_file import save_json


def row(kind="motion", target=True, found=True, j=1.0, f=0.5, **more):
    return ExpressionScore("video", "0", "a dog", kind, target, found, j, f, **more)


SCORE = WorldScore(
    (
        row(top1=True, tiou=1.0, inside=0.5),
        row(kind="several", found=False, j=0.0, f=0.0, top1=False, tiou=0.0),
        row(kind="none", target=False, found=False, f=1.0),
        row(kind="none", target=False, found=True, j=0.0, f=0.0),
    ),
    expected=5,
    frames=80,
    seconds=2.0,
)


def test_masks_and_moments_are_means_over_expressions_with_a_target():
    assert (SCORE.j, SCORE.f, SCORE.jf) == (0.5, 0.25, 0.375)
    assert (SCORE.top1, SCORE.tiou, SCORE.inside, SCORE.outside) == (0.5, 0.5, 0.5, None)
    assert (SCORE.missed, SCORE.refused) == (0.5, 0.5)
    assert SCORE.speed == 40


def test_expressions_without_target_enter_one_figure_only():
    assert SCORE.jf_all == pytest.approx((0.75 + 0 + 1 + 0) / 4)


def test_kinds_break_the_same_figures_down():
    kinds = SCORE.kinds()
    assert list(kinds) == ["motion", "none", "several"]
    assert kinds["motion"].jf == 0.75
    assert kinds["none"].jf is None and kinds["none"].refused == 0.5


def test_counts_show_what_was_not_scored():
    assert (SCORE.scored, SCORE.expected) == (4, 5)
    assert "4 / 5" in table({"model": SCORE})


def test_joined_shards_equal_the_whole():
    parts = [WorldScore((one,), 1, 20, 0.5) for one in SCORE.expressions]
    assert join([*parts, WorldScore((), 1)]) == SCORE


def test_table_shows_a_dash_where_a_figure_is_undefined():
    lines = table({"model": SCORE, "nothing asked": WorldScore((), 0)}).splitlines()
    assert lines[0].startswith("|  | J&F |")
    assert "| 37.5 |" in lines[2] and "| 0.500 |" in lines[2]
    assert set(lines[3].split("|")[2:12]) == {" - "}


def test_json_is_plain():
    data = json.loads(json.dumps(SCORE.to_json()))
    assert data["jf"] == 0.375 and data["kinds"]["motion"]["top1"] == 1
    assert len(data["expressions"]) == 4


def test_json_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "score.json"
    save_json(path, SCORE.to_json())
    assert json.loads(path.read_text())["scored"] == 4
    with pytest.raises(TypeError):
        save_json(path, {"jf": object()})
    assert json.loads(path.read_text())["scored"] == 4
    with pytest.raises(OutputError, match="missing"):
        save_json(tmp_path / "missing" / "score.json", {})
    assert list(tmp_path.iterdir()) == [path]


def test_the_standard_error_is_over_videos():
    def one(video, value):
        return ExpressionScore(video, "0", "a dog", "motion", True, True, value, value)

    alone = WorldScore(tuple(one(f"v{n}", n / 9) for n in range(10)), 10)
    expected = np.std([n / 9 for n in range(10)], ddof=1) / math.sqrt(10)
    assert alone.jf_error == pytest.approx(expected)
    # Expressions of a video that all agree say no more than one of them.
    repeated = WorldScore(tuple(one(f"v{n}", n / 9) for n in range(10) for _ in range(4)), 40)
    assert repeated.jf_error == pytest.approx(expected)
    assert WorldScore((one("v", 0.5), one("v", 0.7)), 2).jf_error is None
    assert WorldScore((), 0).jf_error is None
