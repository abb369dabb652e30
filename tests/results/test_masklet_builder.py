"""Masks of one sentence's objects, frame by frame."""

import numpy as np

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
    assert builder.scores == [0.0, 0.9, 0.7]
    assert builder.visible == [False, True, False], "an empty mask shows nothing"
    assert done == [1, 1, 1, 2], "frames are counted once"


def test_an_absent_object_is_not_visible_whatever_its_mask():
    builder = MaskletBuilder((2, 2), 1)
    builder.add(0, np.ones((2, 2), bool), 0.3, present=False)
    assert builder.visible == [False] and builder.masklet.get(0).all()
