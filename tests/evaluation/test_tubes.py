"""HC-STVG and VidSTG: by hand, and beside set arithmetic on random tubes and on empty ones."""

from statistics import fmean

import numpy as np
import pytest

from momentvos.evaluation.protocols import protocol_metrics
from momentvos.evaluation.tubes import (
    Tube,
    box_iou,
    hc_stvg_own,
    sampled_tube,
    stvg,
    vidstg,
    whole_tube,
)

BOX = [0.0, 0.0, 10.0, 10.0]


def tube(first, last, span, boxes=None, length=100, fps=5.0, form=""):
    boxes = [BOX] * length if boxes is None else boxes
    return Tube([0, length - 1], fps, first, [BOX] * (last + 1 - first), span, boxes, form)


def test_boxes():
    assert box_iou(BOX, [5, 0, 15, 10]) == pytest.approx(50 / 150)
    assert box_iou(BOX, [10, 0, 20, 10]) == box_iou(BOX, [3, 3, 3, 3]) == 0
    assert box_iou(BOX, BOX) == 1


def test_by_hand():
    half = [[0.0, 0.0, 10.0, 5.0]] * 100
    one = tube(10, 29, [20, 39], half)
    assert sampled_tube(one) == pytest.approx((10 / 30, 10 * 0.5 / 30, 0.5))
    assert whole_tube(one) == pytest.approx((10 / 30, 10 * 0.5 / 30))
    metrics = protocol_metrics("hc-stvg", [one, tube(10, 29, [10, 29])])
    assert metrics["m_tIoU"] == pytest.approx((1 / 3 + 1) / 2)
    assert metrics["vIoU@0.3"] == metrics["vIoU@0.5"] == 0.5
    assert metrics["gt_vIoU@0.3"] == 1 and metrics["gt_vIoU@0.5"] == 0.5  # 0.5 is not more


def test_frames_without_a_box():
    boxes = [BOX] * 100
    boxes[12] = None
    one = tube(10, 19, [10, 19], boxes)
    assert sampled_tube(one) == pytest.approx((1, 0.9, 0.9))
    assert whole_tube(one) == pytest.approx((0.9, 0.9))


def test_nothing_answered_is_nothing():
    for span in ([], None):
        assert sampled_tube(tube(10, 19, span))[:2] == (0, 0)
        assert whole_tube(tube(10, 19, span)) == (0, 0)


def test_frames_are_sampled():
    assert tube(0, 1, [], length=20, fps=30.0).sampled() == [0, 6, 12, 18]
    assert tube(0, 1, [], length=19, fps=30.0).sampled() == [0, 6, 12]  # the last is left out
    many = tube(0, 1, [], length=2000, fps=5.0).sampled()
    assert len(many) == 200 and many[:3] == [0, 9, 19]


def test_forms_are_apart():
    rows = [tube(0, 9, [0, 9], form="declarative"), tube(0, 9, [50, 59], form="interrogative")]
    metrics = vidstg(rows)
    assert metrics["m_vIoU declarative"] == 1 and metrics["m_vIoU interrogative"] == 0


def drawn(rng):
    length = int(rng.integers(5, 300))
    first, last = sorted(rng.integers(0, length, 2).tolist())
    span = sorted(rng.integers(0, length, 2).tolist()) if rng.random() < 0.85 else []
    truth = [box(rng) for _ in range(first, last + 1)]
    near = [
        (np.array(truth[t - first]) + rng.normal(0, 4, 4)).tolist()
        if first <= t <= last and rng.random() < 0.8
        else box(rng)
        for t in range(length)
    ]
    boxes = [one if one[0] < one[2] and one[1] < one[3] else None for one in near]
    return Tube([7, 6 + length], float(rng.uniform(5, 60)), 7 + first, truth,
                [7 + n for n in span], boxes)  # fmt: skip


def box(rng):
    low = rng.uniform(0, 40, 2)
    return [*low.tolist(), *(low + rng.uniform(2, 40, 2)).tolist()]


def overlap(one, frame):
    """IoU from the sides' lengths that are shared."""
    answer = one.boxes[frame - one.part[0]]
    if answer is None:
        return 0.0
    a, b = np.array(one.truth[frame - one.first]), np.array(answer)
    shared = np.clip(np.minimum(a, b)[2:] - np.maximum(a, b)[:2], 0, None).prod()
    return shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared)


def by_sets(one):
    true = set(range(one.first, one.first + len(one.truth)))
    found = set(range(one.span[0], one.span[1] + 1)) if one.span else set()
    buckets = {}
    for frame in range(one.part[0], max(one.part[1], one.part[0] + 1)):
        buckets.setdefault(int(frame * (5 / one.fps)), frame)
    seen = sorted(buckets.values())
    seen = [seen[j * len(seen) // 200] for j in range(200)] if len(seen) > 200 else seen
    hull = set(range(min(true | found), max(true | found) + 1)) if found else set()
    given = sum(overlap(one, t) for t in seen if t in true)
    viou = sum(overlap(one, t) for t in seen if t in true & found)
    whole = [t for t in true & found if one.boxes[t - one.part[0]] is not None]
    return (
        len(true & found) / len(true | found),
        viou / max(len(hull & set(seen)), 1),
        given / max(len(true & set(seen)), 1),
        len(whole) / len(hull) if found else 0.0,
        sum(overlap(one, t) for t in whole) / len(hull) if found else 0.0,
    )


def test_beside_sets_of_frames():
    rng = np.random.default_rng(5)
    tubes = [drawn(rng) for _ in range(200)]
    rows = np.array([by_sets(one) for one in tubes])
    ours = np.array([(*sampled_tube(one), *whole_tube(one)) for one in tubes])
    assert np.abs(ours - rows).max() < 1e-9
    assert stvg(tubes)["m_vIoU"] == pytest.approx(rows[:, 1].mean(), abs=1e-9)
    assert stvg(tubes)["vIoU@0.3"] == pytest.approx((rows[:, 1] > 0.3).mean(), abs=1e-9)
    assert hc_stvg_own(tubes)["m_tIoU"] == pytest.approx(fmean(rows[:, 3]), abs=1e-9)
