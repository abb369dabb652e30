"""Agreement against the worked examples of Krippendorff (2011) and by hand."""

from collections import Counter

import pytest

from momentvos.moment import Moment
from momentvos.studio.agreement import alpha, frame_units, mean_tiou, tiou

NONE = None
A = {"1": Moment([(0, 9)]), "2": Moment([(5, 5)])}
B = {"1": Moment([(5, 14)]), "3": Moment.empty()}


def units(*coders):
    return [
        (Counter(value for value in unit if value is not None), 1)
        for unit in zip(*coders, strict=True)
    ]


def test_binary_data_of_two_observers():
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert alpha(units(meg, owen)) == pytest.approx(0.095, abs=5e-4)


def test_nominal_data_of_two_observers():
    assert alpha(units("aabbdcccedda", "babbbccceddd")) == pytest.approx(0.692, abs=5e-4)


def test_nominal_data_of_four_observers_with_gaps():
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
    assert alpha(units(*coders)) == pytest.approx(0.743, abs=5e-4)


def test_a_weight_is_so_many_units():
    once = [({"x": 1, "y": 1}, 1), ({"x": 2}, 1)]
    assert alpha([({"x": 1, "y": 1}, 3), ({"x": 2}, 5)]) == alpha(once[:1] * 3 + once[1:] * 5)


def test_nothing_to_compare_and_one_value():
    assert alpha([]) is None
    assert alpha([({"x": 1}, 9)]) is None
    assert alpha([({"x": 2}, 9)]) == 1.0


def test_frames_are_units():
    by_frame = []
    for name in ("1", "2", "3"):
        for frame in range(20):
            inside = [frame in one.get(name, Moment.empty()) for one in (A, B)]
            by_frame.append((Counter(inside), 1))
    assert alpha(frame_units([A, B], 20)) == pytest.approx(alpha(by_frame))


def test_tiou_by_object():
    assert tiou(A, B) == {"1": 5 / 15, "2": 0.0, "3": 0.0}
    assert mean_tiou([A, B]) == pytest.approx(1 / 9)
    assert mean_tiou([A]) is None
    assert mean_tiou([A, A]) == mean_tiou([{}, {}]) == 1.0
    assert mean_tiou([A, A, B]) == pytest.approx((1 + 1 / 9 + 1 / 9) / 3)
