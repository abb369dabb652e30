import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.evaluation.windows import (
    Retrieval,
    clamp,
    first_ious,
    interpolated,
    mean_average_precision,
    overlaps,
    retrieval_metrics,
)

window = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda w: (w[0], w[0] + w[1]))


@given(window, window)
def test_overlap_of_whole_seconds_is_that_of_sets(one, other):
    a, b = set(range(*one)), set(range(*other))
    assert overlaps([one], [other])[0, 0] == pytest.approx(len(a & b) / len(a | b))


def test_points_overlap_nothing():
    assert overlaps([(3, 3)], [(3, 3)])[0, 0] == 0


def test_the_first_answer_counts_against_the_window_it_fits_best():
    queries = [
        Retrieval([(0, 10), (20, 30)], [(20, 30), (0, 1)]),
        Retrieval([(0, 10)], [(5, 15)]),
        Retrieval([(0, 10)], None),
        Retrieval([(0, 10)], []),
        Retrieval([], [(1, 2)]),
    ]
    assert first_ious(queries) == pytest.approx([1, 1 / 3, 0, 0, 0])
    metrics = retrieval_metrics(queries)
    assert metrics["R1@0.3"] == pytest.approx(0.4)
    assert metrics["R1@0.5"] == pytest.approx(0.2)
    assert metrics["mIoU"] == pytest.approx((1 + 1 / 3) / 5)
    assert metrics["invalid"] == pytest.approx(0.2)
    assert retrieval_metrics([])["mIoU"] is None


def test_reaching_the_threshold_counts():
    assert retrieval_metrics([Retrieval([(0, 10)], [(0, 5)])])["R1@0.5"] == 1


def test_windows_are_held_inside_the_video():
    assert clamp((-2, 31), 30) == (0, 30)


def test_precision_is_interpolated_over_all_points():
    # hits at ranks 1 and 4 of 3 positives: (1 + 2/4) / 3
    assert interpolated(np.array([True, False, False, True]), 3) == pytest.approx(0.5)
    # the curve takes the best precision from there on: rank 2 -> 1/2, rank 3 -> 2/3
    assert interpolated(np.array([False, True, True]), 2) == pytest.approx(2 / 3)


def test_a_window_is_found_once_and_scores_rank():
    query = Retrieval([(0, 10), (20, 30)], [(0, 10, 0.1), (0, 9, 0.9), (20, 30, 0.5)])
    found = mean_average_precision([query, Retrieval([], [(0, 1, 1.0)])], (0.5,))
    assert found == {0.5: pytest.approx(1.0)}  # hits at ranks 1 and 2; the third repeats
    listed = Retrieval([(0, 10)], [(50, 60), (0, 10)])
    assert mean_average_precision([listed], (0.5,)) == {0.5: pytest.approx(0.5)}
    assert mean_average_precision([listed], (0.5,), most=1) == {0.5: 0}
    assert mean_average_precision([], (0.5,)) == {0.5: None}
