import pytest

from momentvos.evaluation.moments import presence, recall_at, temporal_iou, top1
from momentvos.moment import Moment


def test_temporal_iou_counts_frames_of_all_spans():
    truth = Moment([(0, 3), (10, 13)])
    assert temporal_iou(truth, truth) == 1
    assert temporal_iou(truth, Moment([(2, 11)])) == pytest.approx(4 / 14)
    assert temporal_iou(truth, Moment.empty()) == 0
    assert temporal_iou(Moment.empty(), Moment.empty()) == 1


def test_top1_takes_the_first_of_equal_frames():
    assert top1([0.1, 0.9, 0.2], Moment([(1, 1)]))
    assert not top1([0.1, 0.9, 0.2], Moment([(0, 0), (2, 2)]))
    assert top1([0.5, 0.5], Moment([(0, 0)]))
    assert not top1([0.5, 0.5], Moment([(1, 1)]))
    with pytest.raises(ValueError, match="empty"):
        top1([], Moment.empty())


def test_recall_counts_those_that_reach_the_threshold():
    assert recall_at([0.5, 0.49, 1.0, 0.0], 0.5) == 0.5
    assert recall_at([], 0.5) is None


def test_presence_keeps_the_two_kinds_of_error_apart():
    scores = presence([True, True, True, False, False], [True, True, False, False, True])
    assert scores.target_accuracy == pytest.approx(2 / 3)
    assert scores.no_target_accuracy == 0.5
    assert presence([True], [True]).no_target_accuracy is None
