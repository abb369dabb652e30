"""Masks of one sentence's objects, frame by frame."""

import numpy as np
import pytest

from momentvos.results.masklet_builder import MaskletBuilder


def test_objects_of_a_frame_become_one_mask_of_the_largest_confidence():
    done = []
    builder = MaskletBuilder((4, 6), 3, done.append)
    left, right = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    left[:, 0], right[:, 5] = True, True
    builder.add(1, left, 0.4)
    builder.add(1, right, 0.9)
    builder.add(1, left, 0.2)
    builder.add(2, np.zeros((4, 6), bool), 0.7)
    assert np.array_equal(builder.masklet.get(1), left | right)
    assert list(builder.scores) == [0.0, 0.9, 0.7]
    assert builder.visible == [False, True, False], "an empty mask shows nothing"
    assert done == [1, 1, 1, 2], "frames are counted once"


def test_fresh_frames_are_told_once():
    builder = MaskletBuilder((2, 2), 5)
    for frame in (3, 0, 3):
        builder.add(frame, np.ones((2, 2), bool), 0.3)
    assert builder.fresh() == [0, 3] and builder.fresh() == []
    builder.add(4, np.zeros((2, 2), bool), 0.3)
    assert builder.fresh() == [4], "an empty mask is news too"


def test_a_frame_takes_little_more_than_its_mask():
    import tracemalloc

    mask, length = np.zeros((64, 64), bool), 2000
    mask[20:40, 10:30] = True
    first = MaskletBuilder((64, 64), length)
    first.add(0, mask, 0.5)
    text = len(first.masklet.rle(0)["counts"])
    tracemalloc.start()
    try:
        builder = MaskletBuilder((64, 64), length)
        for frame in range(length):
            builder.add(frame, mask, frame / length)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < (text + 350) * length


def test_an_absent_object_is_not_visible_whatever_its_mask():
    builder = MaskletBuilder((2, 2), 1)
    builder.add(0, np.ones((2, 2), bool), 0.3, present=False)
    assert builder.visible == [False] and builder.masklet.get(0).all()


def test_changes_are_kept_in_parts_and_come_back():
    import json

    from momentvos.results.record import State

    made, again, parts = MaskletBuilder((4, 6), 5), MaskletBuilder((4, 6), 5), []
    mask = np.zeros((4, 6), dtype=bool)
    mask[1:3, 2:5] = True
    made.add(1, mask, 0.1 + 0.2)
    made.add(3, np.zeros((4, 6), dtype=bool), 0.4)
    parts.append(made.changes())
    made.add(1, ~mask, 0.9, present=False)
    made.add(0, mask, 0.5, present=False)
    parts.append(made.changes())
    assert parts[1].values["frames"] == [0, 1], "only what has changed since"
    assert made.changes().values["frames"] == []
    for part in parts:
        again.restore(State(json.loads(json.dumps(part.values)), part.tensors))
    assert again.masklet == made.masklet and again.count == made.count == 3
    assert (again.scores, again.visible) == (made.scores, made.visible)


@pytest.mark.parametrize(
    "change",
    [{"frames": [7]}, {"frames": [-1]}, {"masks": ["zz"]}, {"masks": []}, {"masks": [5]}],
)
def test_changes_of_something_else_are_refused(change):
    from momentvos.errors import PredictionError
    from momentvos.results.journal import UNUSABLE
    from momentvos.results.record import State

    made = MaskletBuilder((4, 6), 5)
    made.add(1, np.ones((4, 6), dtype=bool), 0.5)
    part = made.changes()
    with pytest.raises((*UNUSABLE, PredictionError)):
        MaskletBuilder((4, 6), 5).restore(State(part.values | change, part.tensors))
