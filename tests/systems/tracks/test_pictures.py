"""Pictures for language models and people: outlines, numbers, boxes, charts; the page."""

import re

import numpy as np
import pytest
from PIL import Image

from momentvos.systems.tracks.pictures import CHART, boxed, colour, curve, outlined
from momentvos.systems.tracks.trace import Trace

GREY = np.full((180, 320, 3), 128, np.uint8)


def square(top, left, side):
    mask = np.zeros((180, 320), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def is_colour(picture, number):
    return (picture == np.array(colour(number)[1], np.uint8)).all(axis=2)


def test_outlines_surround_objects_and_leave_them_as_they_are():
    mask = square(60, 100, 40)
    mask[75:85, 115:125] = False
    picture = outlined(GREY, {1: mask, 2: square(20, 250, 12)}, numbers=False)
    assert (picture[mask] == 128).all()
    assert (picture[75:85, 115:125] == 128).all(), "no outline within"
    ring = is_colour(picture, 1)
    rows, columns = np.nonzero(ring)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (59, 100, 99, 140)
    assert is_colour(picture, 2).any()


def test_numbers_stand_beside_objects_inside_the_picture():
    masks = {1: square(60, 100, 40), 2: square(0, 0, 30)}
    plain, labelled = outlined(GREY, masks, numbers=False), outlined(GREY, masks)
    changed = (plain != labelled).any(axis=2)
    assert not changed[60:100, 100:140].any(), "a number above its object hides nothing of it"
    assert changed[40:60, 100:140].any()
    assert changed[:30, :40].any(), "at the border it moves inside"
    stray = square(60, 100, 40) | square(150, 300, 3)
    other = outlined(GREY, {1: stray}) != outlined(GREY, {1: stray}, numbers=False)
    assert np.nonzero(other)[1].max() < 160, "a stray piece draws it nowhere"


@pytest.mark.parametrize("size", [(20, 3), (5, 5), (2000, 1200), (1, 900)])
def test_any_size_is_drawn_and_made_small(size):
    rgb = np.zeros((*size, 3), np.uint8)
    full = np.ones(size, bool)
    for picture in (
        outlined(rgb, {1: full, 2: ~full}),
        boxed(rgb, [((0.0, 0.0, float(size[1]), float(size[0])), "a very long name 0.50")]),
    ):
        assert picture.dtype == np.uint8
        assert max(picture.shape[:2]) == min(max(size), 512)


def test_boxes_are_where_detections_are():
    picture = boxed(GREY, [((40.0, 60.0, 120.0, 140.0), "dog 0.81")])
    assert is_colour(picture, 1)[100, 38:43].any()
    assert is_colour(picture, 1)[100, 118:123].any()
    assert (picture[80:130, 50:110] == 128).all()


def test_the_chart_marks_the_moment():
    values = [0.0] * 10 + [1.0] * 10
    picture = curve(values, [value > 0.5 for value in values], 0.5, 4.0)
    width, height, _ = CHART
    assert picture.shape == (height, width, 3)
    green = (picture == (190, 230, 195)).all(axis=2)
    assert not green[:, : width // 2 - 5].any()
    assert green[height // 3, width * 3 // 4]
    assert curve([0.3], [False], 0.5, 0.1).shape == (height, width, 3)


def test_the_page_has_captions_below_pictures_and_nothing_of_markup(tmp_path):
    trace = Trace(tmp_path / "why")
    trace.table(["a<b"], [["1 & 2"]])
    trace.asked(["Frame 1, 0.00 s: ", GREY, "Which one?\nSay <so>."], '{"true": []}')
    page = (tmp_path / "why" / "index.html").read_text()
    assert "<th>a&lt;b</th>" in page
    assert "<td>1 &amp; 2</td>" in page
    assert re.search(
        r'<img src="picture_0001.jpg"[^>]*><figcaption>Frame 1, 0.00 s</figcaption>', page
    )
    assert page.count("<pre>") == 1
    assert "Say &lt;so&gt;." in page
    with Image.open(tmp_path / "why" / "picture_0001.jpg") as picture:
        assert picture.size == (320, 180)
