"""Small pictures of frames with contours."""

import numpy as np
import pytest

from momentvos.results.thumbnail import shrunk, thumbnail


def test_contours_lie_around_objects_at_the_new_size():
    rgb, mask = np.full((200, 300, 3), 90, np.uint8), np.zeros((200, 300), bool)
    mask[80:120, 100:160] = True
    picture = np.asarray(thumbnail(rgb, [mask], [(250, 172, 0)], 100))
    assert picture.shape == (100, 150, 3)
    assert (picture[42:58, 52:78] == 90).all()  # the object is seen
    assert (picture == (250, 172, 0)).all(-1).sum() > 100
    assert (picture[:30] == 90).all() and (picture[70:] == 90).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 1000), (1000, 3), (240, 320)])
def test_no_object_gets_lost(size):
    mask = np.zeros(size, bool)
    mask[0, 0] = True
    assert shrunk(mask, 8, 8).any()
    assert not shrunk(~mask & False, 8, 8).any()
    assert thumbnail(np.zeros((*size, 3), np.uint8), [mask], [(0, 235, 175)], 20).height == 20
