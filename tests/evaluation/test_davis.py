import numpy as np
import pytest

from momentvos.evaluation.davis import Unsupervised, merge, ref_davis_classic, semi_supervised
from momentvos.evaluation.masks import score_masks


@pytest.fixture
def labels(blobs):
    """Label maps of two objects that move, over five frames."""
    rng = np.random.default_rng(3)
    one, other = blobs(rng, (60, 80)), blobs(rng, (60, 80))
    frames = []
    for step in range(5):
        label = np.roll(one, 2 * step, axis=1).astype(np.uint8)
        label[np.roll(other, 3 * step, axis=0)] = 2
        frames.append(label)
    return frames


def swap(frame):
    return np.array([0, 2, 1], np.uint8)[frame]


def test_proposals_are_matched_and_semi_supervised_objects_are_not(labels):
    perfect = Unsupervised(2, 3)
    for frame in labels:
        perfect.add(frame, swap(frame))
    assert perfect.scores() == [(1, 1), (1, 1)]
    swapped = semi_supervised(labels, [swap(frame) for frame in labels], 2)
    assert all(j < 0.5 for j, _ in swapped)
    assert semi_supervised(labels, labels, 2) == [(1, 1), (1, 1)]


def test_first_and_last_frames_do_not_count_semi_supervised(labels):
    blank = [np.zeros_like(frame) for frame in labels]
    answers = [blank[0], *labels[1:-1], blank[-1]]
    assert semi_supervised(labels, answers, 2) == [(1, 1), (1, 1)]


def test_missing_proposals_earn_nothing_and_void_does_not_count(labels):
    single = Unsupervised(2, 1)
    void = Unsupervised(2, 2)
    for frame in labels:
        single.add(frame, frame == 1)
        holed = frame.copy()
        holed[:20] = 255
        answer = frame.copy()
        answer[:20] = 1
        void.add(holed, answer)
    assert sorted(single.scores()) == [(0, 0), (1, 1)]
    assert void.scores() == [(1, 1), (1, 1)]


def test_too_many_proposals_are_refused(labels):
    with pytest.raises(ValueError, match="allows 20"):
        Unsupervised(1, 21)
    with pytest.raises(ValueError, match="label 2"):
        Unsupervised(1, 1).add(labels[0], labels[0])


def test_means_are_over_frames(labels):
    wrong = [np.roll(frame, 4, axis=0) for frame in labels]
    video = Unsupervised(2, 2)
    for frame, answer in zip(labels, wrong, strict=True):
        video.add(frame, answer)
    rows = [score_masks(f == 1, a == 1) for f, a in zip(labels, wrong, strict=True)]
    j, f = video.scores()[0]
    assert j == pytest.approx(np.mean([row.j for row in rows]))
    assert f == pytest.approx(np.mean([row.f for row in rows]))


def test_soft_masks_merge_with_a_weak_ground():
    soft = np.array([[[0.6, 0.4, 0.7]], [[0.6, 0.3, 0.9]]])
    assert merge(soft).tolist() == [[1, 0, 2]]


def test_annotators_are_averaged_last():
    figures = ref_davis_classic([[(1.0, 1.0), (0.0, 0.5)], [(0.5, 0.5)]])
    assert figures["J"] == 0.5 and figures["F"] == 0.625 and figures["J&F"] == 0.5625
