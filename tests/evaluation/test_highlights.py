import numpy as np
import pytest

from momentvos.evaluation.highlights import (
    Highlights,
    average_precision,
    highlight_metrics,
    moment_metrics,
)
from momentvos.evaluation.windows import Retrieval


def test_average_precision_by_hand():
    assert average_precision([1, 0, 1, 0], [4, 3, 2, 1]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0, 1], [1, 1]) == pytest.approx(0.5)  # equal scores are one step
    assert average_precision([1, 1], [0, 5]) == 1 and average_precision([0, 0], [1, 2]) == 0


def test_highlights_take_the_kindest_rater_and_the_mean_of_all():
    ratings = np.array([[4, 0, 2], [0, 0, 2], [0, 3, 0]], dtype=float)
    metrics = highlight_metrics([Highlights(ratings, [0.9, 0.1])])
    assert metrics["HL-VeryGood Hit1"] == 1
    assert metrics["HL-VeryGood mAP"] == pytest.approx(1 / 3)
    # Fair: raters see {0}, {2}, {0, 1}; the missing third score is 0
    assert metrics["HL-Fair mAP"] == pytest.approx((1 + 1 / 3 + 1) / 3)
    beyond = highlight_metrics([Highlights(ratings, [0, 0, 0, 9])])
    assert beyond["HL-Fair Hit1"] == 0


def test_lengths_filter_windows_and_queries():
    queries = [
        Retrieval([(0, 8), (20, 60)], [(0, 8, 0.5), (20, 60, 0.9)]),
        Retrieval([(0, 100)], [(0, 80, 1.0)]),
    ]
    metrics = moment_metrics(queries)
    assert metrics["mAP short"] == pytest.approx(0.5)  # found at rank 2
    assert metrics["mAP middle"] is None
    assert metrics["mAP@0.5"] == 1 and metrics["R1@0.7"] == 1
    assert metrics["mAP long"] == pytest.approx((1 + 0.7) / 2)
