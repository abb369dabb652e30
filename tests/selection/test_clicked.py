import numpy as np
import pytest

from momentvos.selection.clicked import LEAST, REFUSED, ClickSelector, Point


class Base:
    """Says the same of every track: 0.5 in frame 0, -3.5 in frame 1."""

    context = 2

    def __call__(self, sentence, tracks, frames):
        return [{0: 0.5, 1: -3.5} for _ in tracks]

    def pool(self, log_odds):
        return float(np.mean(log_odds))


def square(row, column):
    mask = np.zeros((16, 16), dtype=bool)
    mask[row : row + 4, column : column + 4] = True
    return {0: mask, 1: mask}


LEFT, RIGHT = square(6, 1), square(6, 11)


def pooled(selector):
    odds = selector("a", [LEFT, RIGHT], [0, 1])
    assert all(one[0] - one[1] == pytest.approx(4.0) for one in odds)  # when stays as it was
    return [selector.pool(list(one.values())) for one in odds]


def test_the_clicked_track_is_meant_and_no_other():
    selector = ClickSelector(Base(), [Point(1, 0.8, 0.5, True)])
    assert pooled(selector) == pytest.approx([REFUSED, LEAST])
    assert selector.met == set(selector.points)
    assert selector.context == 2


def test_a_track_that_is_none_of_it_leaves_the_others_as_they_were():
    selector = ClickSelector(Base(), [Point(0, 0.2, 0.5, False)])
    assert pooled(selector) == pytest.approx([REFUSED, -1.5])
    assert not selector.met


def test_a_click_beside_all_tracks_meets_none():
    selector = ClickSelector(Base(), [Point(0, 0.5, 0.1, True)])
    assert pooled(selector) == pytest.approx([REFUSED, REFUSED])
    assert not selector.met


def test_a_click_just_beside_a_track_or_at_the_rim_counts():
    assert pooled(ClickSelector(Base(), [Point(0, 5.4 / 16, 0.5, True)]))[0] == LEAST
    pooled(ClickSelector(Base(), [Point(0, 0.9999, 0.9999, True), Point(7, 0.2, 0.5, True)]))
