"""Detections that are held through a video."""

import numpy as np

from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.held import Held


def test_a_detection_comes_back_as_it_was():
    mask = np.zeros((40, 60), dtype=bool)
    mask[3:20, 5:30] = True
    one = Detection((5.0, 3.0, 30.0, 20.0), {"dog": 0.9}, mask)
    held = Held.of(one)
    assert held.box.mask is None
    assert (held.mask == mask).all()
    assert (held.whole().mask == mask).all()
    assert held.whole().box == one.box
    assert held.whole().phrases == one.phrases


def test_a_box_has_no_mask():
    one = Detection((5.0, 3.0, 30.0, 20.0), {"dog": 0.9})
    assert Held.of(one).mask is None
    assert Held.of(one).whole() == one
