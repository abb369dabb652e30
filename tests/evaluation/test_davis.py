import numpy as np
import pytest

from momentvos.errors import BenchmarkError
from momentvos.evaluation.davis import (
    ObjectScore,
    SemiSupervised,
    Unsupervised,
    davis,
    merge,
    objects,
    ref_davis_classic,
)
from momentvos.evaluation.masks import score_masks
from momentvos.evaluation.protocols import protocol_metrics


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


def scores(video, truth, answers):
    for one, other in zip(truth, answers, strict=True):
        video.add(one, other)
    return [(one.j, one.f) for one in video.scores("v")]


def swap(frame):
    return np.array([0, 2, 1], np.uint8)[frame]


def test_proposals_are_matched_and_semi_supervised_objects_are_not(labels):
    swapped = [swap(frame) for frame in labels]
    assert scores(Unsupervised(2, 3), labels, swapped) == [(1, 1), (1, 1)]
    assert all(j < 0.5 for j, _ in scores(SemiSupervised(2), labels, swapped))
    assert scores(SemiSupervised(2), labels, labels) == [(1, 1), (1, 1)]
    video = Unsupervised(2, 3)
    scores(video, labels, swapped)
    assert [one.object for one in video.scores("v")] == [2, 1]  # in the order of proposals


def test_first_and_last_frames_do_not_count_semi_supervised(labels):
    blank = [np.zeros_like(frame) for frame in labels]
    answers = [blank[0], *labels[1:-1], blank[-1]]
    assert scores(SemiSupervised(2), labels, answers) == [(1, 1), (1, 1)]
    with pytest.raises(ValueError, match="none that count"):
        scores(SemiSupervised(2), labels[:2], answers[:2])


def test_objects_are_those_of_the_first_frame(labels):
    assert objects(labels[0]) == 2
    assert objects(np.array([[0, 255], [1, 0]])) == 1
    assert objects(np.full((2, 2), 255)) == 0


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
    assert sorted((one.j, one.f) for one in single.scores("v")) == [(0, 0), (1, 1)]
    assert [(one.j, one.f) for one in void.scores("v")] == [(1, 1), (1, 1)]


def test_too_many_proposals_are_refused(labels):
    with pytest.raises(ValueError, match="allows 20"):
        Unsupervised(1, 21)
    with pytest.raises(ValueError, match="label 2"):
        Unsupervised(1, 1).add(labels[0], labels[0])
    with pytest.raises(ValueError, match="label 2"):
        SemiSupervised(1).add(labels[0], labels[0])


def test_means_are_over_frames(labels):
    wrong = [np.roll(frame, 4, axis=0) for frame in labels]
    j, f = scores(Unsupervised(2, 2), labels, wrong)[0]
    rows = [score_masks(one == 1, other == 1) for one, other in zip(labels, wrong, strict=True)]
    assert j == pytest.approx(np.mean([row.j for row in rows]))
    assert f == pytest.approx(np.mean([row.f for row in rows]))


@pytest.mark.parametrize(("frames", "decay"), [(40, 1.0), (300, None)])
def test_decay_compares_quarters_unless_their_bounds_wrap(frames, decay):
    mask = np.zeros((8, 8), np.uint8)
    mask[2:5, 2:5] = 1
    video = Unsupervised(1, 1)
    for frame in range(frames):
        video.add(mask, mask if frame < frames // 2 else np.zeros_like(mask))
    (one,) = video.scores("v")
    assert one.j_decay == one.f_decay == decay
    assert one.j == one.f == one.j_recall == one.f_recall == 0.5
    assert davis([one])["J decay"] == decay


def test_soft_masks_merge_with_a_weak_ground():
    soft = np.array([[[0.6, 0.4, 0.7]], [[0.6, 0.3, 0.9]]])
    assert merge(soft).tolist() == [[1, 0, 2]]


def test_annotators_are_averaged_last():
    def row(j, f, annotator):
        return ObjectScore("v", 1, j, f, 1, 1, 0, 0, annotator)

    metrics = ref_davis_classic([row(1, 1, 0), row(0, 0.5, 0), row(0.5, 0.5, 3)])
    assert metrics["J"] == 0.5 and metrics["F"] == 0.625 and metrics["J&F"] == 0.5625
    rows = [row(1, 1, 0)]
    assert protocol_metrics("ref-davis-classic", rows)["J&F"] == 1
    with pytest.raises(BenchmarkError, match="1 of 2 are missing"):
        protocol_metrics("ref-davis-classic", rows, rows)
