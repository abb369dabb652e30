"""A two-toned line around a mask."""

import numpy as np
import pytest

from momentvos.results.contour import box_of, draw_contour, grown
from momentvos.results.palette import DARK

AMBER = (250, 172, 0)


def disc(size, centre, radius):
    y, x = np.mgrid[: size[0], : size[1]]
    return np.hypot(y - centre[0], x - centre[1]) < radius


@pytest.mark.parametrize("level", [0, 100, 255])
@pytest.mark.parametrize("line", [1, 2, 4])
def test_line_and_rim_lie_outside_of_the_mask(level, line):
    mask = disc((80, 100), (40, 50), 20)
    picture = np.full((80, 100, 3), level, np.uint8)
    draw_contour(picture, mask, AMBER, line)
    assert (picture[mask] == level).all()
    row = picture[40, 70:].astype(int)
    assert (row[:line] == AMBER).all()
    tones = [np.abs(row - np.array(tone)).sum(1) for tone in (AMBER, DARK)]
    beyond = row[line + 1 :]
    assert level == 0 or tones[1][line : line + 2].min() < 250
    assert (beyond[line // 2 + 2 :] == level).all()


def test_an_edge_of_the_frame_is_no_edge_of_the_object():
    picture = np.full((60, 60, 3), 90, np.uint8)
    mask = np.zeros((60, 60), bool)
    mask[:, :30] = True
    draw_contour(picture, mask, AMBER, 2)
    assert (picture[:, :30] == 90).all() and (picture[:, 36:] == 90).all()
    assert (picture[:, 30] == picture[0, 30]).all()  # straight from edge to edge


def test_it_is_drawn_into_a_part_of_a_picture():
    picture = np.full((60, 60, 3), 90, np.uint8)
    mask = disc((30, 30), (15, 15), 6)
    draw_contour(picture[20:50, 10:40], mask, AMBER, 2)
    changed = (picture != 90).any(-1)
    assert changed[20:50, 10:40].any()
    assert not changed[:20].any() and not changed[:, 40:].any()


def test_a_gap_leaves_room_for_another_line():
    mask = disc((80, 80), (40, 40), 15)
    inner, outer = (np.full((80, 80, 3), 90, np.uint8) for _ in range(2))
    draw_contour(inner, mask, AMBER, 2)
    draw_contour(outer, mask, AMBER, 2, gap=3)
    drawn = [(picture != 90).any(-1) for picture in (inner, outer)]
    assert not (drawn[1] & grown(mask.view(np.uint8), 3).view(bool)).any()
    assert drawn[1].sum() > drawn[0].sum()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_tiny_pictures_and_full_or_empty_masks_are_left_alone(size, full):
    picture = np.full((*size, 3), 90, np.uint8)
    draw_contour(picture, np.full(size, full), AMBER, 3)
    assert (picture == 90).all()


def test_one_pixel_is_surrounded():
    picture = np.full((21, 21, 3), 90, np.uint8)
    mask = np.zeros((21, 21), bool)
    mask[10, 10] = True
    draw_contour(picture, mask, AMBER, 2)
    assert (picture[10, 10] == 90).all()
    assert (picture[[8, 10, 10, 12], [10, 8, 12, 10]] != 90).any(-1).all()


def test_the_box_of_a_mask():
    mask = np.zeros((20, 30), bool)
    assert box_of(mask) is None
    mask[4:7, 10:28] = True
    assert box_of(mask) == (slice(4, 7), slice(10, 28))
    assert mask[box_of(mask, 5)].shape == (12, 25)  # to the frame's edges


def test_growing_is_nearly_round():
    flags = np.zeros((41, 41), np.uint8)
    flags[20, 20] = 1
    for reach in (1, 3, 8):
        y, x = np.nonzero(grown(flags, reach))
        far = np.hypot(y - 20, x - 20)
        assert np.abs(y - 20).max() == np.abs(x - 20).max() == reach
        assert far.max() <= 1.25 * reach
