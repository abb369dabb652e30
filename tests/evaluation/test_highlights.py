import numpy as np
import pytest

from momentvos.evaluation.highlights import (
    Highlights,
    average_precision,
    highlight_figures,
    moment_figures,
)
from momentvos.evaluation.windows import Retrieval


def test_average_precision_by_hand():
    assert average_precision([1, 0, 1, 0], [4, 3, 2, 1]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0, 1], [1, 1]) == pytest.approx(0.5)  # equal scores are one step
    assert average_precision([1, 1], [0, 5]) == 1 and average_precision([0, 0], [1, 2]) == 0


def test_highlights_take_the_kindest_rater_and_the_mean_of_all():
    ratings = np.array([[4, 0, 2], [0, 0, 2], [0, 3, 0]], dtype=float)
    figures = highlight_figures([Highlights(ratings, [0.9, 0.1])])
    assert figures["HL-VeryGood Hit1"] == 1
    assert figures["HL-VeryGood mAP"] == pytest.approx(1 / 3)
    # Fair: raters see {0}, {2}, {0, 1}; the missing third score is 0
    assert figures["HL-Fair mAP"] == pytest.approx((1 + 1 / 3 + 1) / 3)
    beyond = highlight_figures([Highlights(ratings, [0, 0, 0, 9])])
    assert beyond["HL-Fair Hit1"] == 0


def test_lengths_filter_windows_and_queries():
    queries = [
        Retrieval([(0, 8), (20, 60)], [(0, 8, 0.5), (20, 60, 0.9)]),
        Retrieval([(0, 100)], [(0, 80, 1.0)]),
    ]
    figures = moment_figures(queries)
    assert figures["mAP short"] == pytest.approx(0.5)  # found at rank 2
    assert figures["mAP middle"] is None
    assert figures["mAP@0.5"] == 1 and figures["R1@0.7"] == 1
    assert figures["mAP long"] == pytest.approx((1 + 0.7) / 2)
