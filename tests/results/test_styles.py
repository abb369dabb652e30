"""What each style does to an object, to its surroundings, and outside the moment."""

import numpy as np
import pytest

from momentvos.errors import OutputError
from momentvos.results.styles import STYLES, Object, check_style, render

SIZE, LINE = (120, 160), 2
COLOUR = (250, 172, 0)
REACH = 6
"""Pixels around a mask in which its contour lies."""


@pytest.fixture
def frame():
    """A picture with texture, and a disc of one colour."""
    rng = np.random.default_rng(1)
    rgb = rng.integers(60, 200, (*SIZE, 3)).astype(np.uint8)
    rgb[disc()] = (40, 90, 160)
    return rgb


def disc(centre=(60, 80), radius=22):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.hypot(y - centre[0], x - centre[1]) < radius


def drawn(frame, style, inside=True, mask=None):
    one = Object(disc() if mask is None else mask, inside, COLOUR)
    return render(frame, [one], STYLES[style], LINE)


def around():
    return disc(radius=22 + REACH) & ~disc()


def far():
    return ~disc(radius=22 + REACH)


@pytest.mark.parametrize("style", STYLES)
def test_outside_the_moment_there_is_a_thin_contour_and_nothing_else(frame, style):
    before = frame.copy()
    picture = drawn(frame, style, inside=False)
    assert (frame == before).all()
    assert (picture[disc()] == frame[disc()]).all() and (picture[far()] == frame[far()]).all()
    assert (picture[around()] != frame[around()]).any(-1).mean() > 0.3


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"cutout"}))
def test_inside_the_moment_the_contour_has_the_object_s_colour(frame, style):
    picture = drawn(frame, style)[around()].astype(int)
    assert np.abs(picture - np.array(COLOUR)).sum(1).min() < 150


@pytest.mark.parametrize("style", ["contour", "spotlight", "blur", "cutout"])
def test_styles_without_a_fill_leave_the_object_untouched(frame, style):
    assert (drawn(frame, style)[disc()] == frame[disc()]).all()


@pytest.mark.parametrize(("style", "share"), [("highlight", 0.15), ("fill", 0.45)])
def test_fills_mix_the_colour_in(frame, style, share):
    inside = drawn(frame, style)[60, 80]
    assert inside == pytest.approx(
        np.array((40, 90, 160)) * (1 - share) + np.array(COLOUR) * share, abs=2
    )


@pytest.mark.parametrize("style", ["contour", "fill"])
def test_styles_of_the_object_leave_the_surroundings_untouched(frame, style):
    assert (drawn(frame, style)[far()] == frame[far()]).all()


def test_highlight_dims_the_surroundings(frame):
    picture = drawn(frame, "highlight")[far()]
    assert (picture < frame[far()]).all()
    assert picture.mean() == pytest.approx(0.62 * frame[far()].mean(), rel=0.03)


def test_spotlight_is_grey_and_dark_around_the_object(frame):
    picture = drawn(frame, "spotlight")[far()]
    assert np.ptp(picture, -1).max() == 0
    assert picture.mean() < 0.3 * frame[far()].mean()


def test_blur_smooths_the_surroundings_without_the_object_s_colour(frame):
    picture = drawn(frame, "blur")
    assert picture[far()].std() < 0.3 * frame[far()].std()
    beside = disc(radius=22 + REACH + 6) & far()
    ground = frame[far()].mean(0)
    assert picture[beside].mean(0) == pytest.approx(ground, abs=12)


def test_cutout_has_one_colour_around_the_object(frame):
    picture = drawn(frame, "cutout")
    assert len(np.unique(picture[~disc()], axis=0)) == 1
    assert picture[~disc()].min() > 200


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("inside", [False, True])
def test_an_empty_mask_changes_nothing(frame, style, inside):
    assert (drawn(frame, style, inside, np.zeros(SIZE, bool)) == frame).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 200), (33, 31), (100, 2000)])
def test_any_size_and_full_masks(style, size):
    rgb = np.full((*size, 3), 100, np.uint8)
    for mask in (np.ones(size, bool), np.arange(size[0] * size[1]).reshape(size) % 7 == 0):
        picture = render(rgb, [Object(mask, True, COLOUR)], STYLES[style], 1)
        assert picture.shape == rgb.shape and picture.dtype == np.uint8
        assert (rgb == 100).all()


def test_the_surroundings_of_several_are_around_all_of_those_meant_now(frame):
    one, two, three = (Object(disc((60, x), 14), x != 130, COLOUR) for x in (30, 80, 130))
    picture = render(frame, [one, two, three], STYLES["spotlight"], LINE)
    for meant in (one, two):
        assert (picture[meant.mask] == frame[meant.mask]).all()
    assert picture[three.mask].mean() < 0.3 * frame[three.mask].mean()


def test_contours_of_one_object_run_around_each_other(frame):
    colours = (COLOUR, (0, 235, 175), (170, 140, 255))
    objects = [Object(disc(), True, colour) for colour in colours]
    picture = render(frame, objects, STYLES["contour"], 3)
    row = picture[60, 102:125].astype(int)
    places = [int(np.abs(row - np.array(colour)).sum(1).argmin()) for colour in colours]
    assert places == sorted(places) and len(set(places)) == 3


def test_unknown_styles_are_refused():
    assert check_style("blur") == "blur"
    with pytest.raises(OutputError, match=r"'sparkle' is no style .* highlight, contour"):
        check_style("sparkle")
