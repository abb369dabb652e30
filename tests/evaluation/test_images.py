import numpy as np
import pytest

from momentvos.evaluation.images import Overlap, grefcoco, lisa, overlap, refcoco

HALF, WHOLE, NOTHING = Overlap(2, 4), Overlap(3, 3), Overlap(0, 0, False, False)


def test_ignored_pixels_count_for_neither():
    truth = np.array([[1, 1, 0], [255, 0, 0]])
    found = overlap(truth == 1, np.array([[1, 0, 0], [9, 9, 0]]), ignore=truth == 255)
    assert (found.intersection, found.union) == (1, 3)
    assert found.target and found.found
    with pytest.raises(ValueError, match="cannot answer"):
        overlap(np.ones((2, 2)), np.ones((3, 2)))


def test_lisas_meters_with_their_constants():
    metrics = lisa([HALF, WHOLE, NOTHING])
    assert metrics["gIoU"] == pytest.approx((2 / 4.00001 + 3 / 3.00001 + 1) / 3.00001, abs=1e-12)
    assert metrics["cIoU"] == pytest.approx(5 / (7 + 1e-10), abs=1e-12)
    assert lisa([]) == {"gIoU": None, "cIoU": None}


def test_precision_is_strict_or_not():
    metrics = refcoco([HALF, WHOLE])
    assert metrics["oIoU"] == pytest.approx(5 / 7) and metrics["mIoU"] == pytest.approx(0.75)
    assert metrics["P@0.5"] == 0.5 and refcoco([HALF, WHOLE], strict=False)["P@0.5"] == 1


def test_sentences_without_target():
    alarm, missed = Overlap(0, 5, False, True), Overlap(0, 4, True, False)
    metrics = grefcoco([NOTHING, alarm, missed, WHOLE])
    assert metrics["gIoU"] == 0.5 and metrics["cIoU"] == pytest.approx(3 / 12)
    assert metrics["N-acc"] == 0.5 and metrics["T-acc"] == 0.5
    assert metrics["P@0.7"] == 0.5
