import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.data.formats.raster import fill

DRAWN = """
............#...
...#......###...
...###...###....
....###.####....
....########....
.....#..###.....
...###....#.....
..#####..###....
......########..
.......###..###.
.......##.......
........#.......
"""


def drawn(text):
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def test_a_polygon_that_crosses_itself():
    points = [(3, 1), (14, 9), (2, 7), (12, 0), (8, 11)]
    assert (fill(points, (12, 16)) == drawn(DRAWN)).all()


@pytest.mark.parametrize(
    ("points", "pixels"),
    [
        ([(2, 3)], [(3, 2)]),
        ([(0, 0), (3, 0)], [(0, 0), (0, 1), (0, 2), (0, 3)]),
        ([(-5, -5), (-3, 9)], []),
        ([(0, 0), (4, 2)], [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4)]),
    ],
)
def test_points_and_lines(points, pixels):
    assert [tuple(map(int, one)) for one in np.argwhere(fill(points, (6, 6)))] == pixels


corner = st.tuples(st.integers(0, 29), st.integers(0, 19))


@settings(max_examples=60)
@given(st.lists(corner, min_size=3, max_size=8), st.integers(0, 7))
def test_where_a_polygon_begins_does_not_matter(points, turn):
    turned = points[turn % len(points) :] + points[: turn % len(points)]
    whole = fill(points, (20, 30))
    assert (whole == fill(turned, (20, 30))).all()
    assert all(whole[y, x] for x, y in points)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-40, 70), st.integers(-40, 60)), min_size=1, max_size=8))
def test_corners_may_lie_outside(points):
    assert fill(points, (20, 30)).shape == (20, 30)


def corners(seed):
    """Some corners within 60 x 40 pixels, the same everywhere."""
    value, made = seed, []
    for _ in range(3 + seed % 9):
        pair = []
        for side in (60, 40):
            value = (1103515245 * value + 12345) % 2**31
            pair.append((value >> 8) % side)
        made.append(tuple(pair))
    return made


def test_three_hundred_polygons_are_those_of_opencv():
    """The digest is of what OpenCV 4.11 and 5.0 draw with polylines, then fillPoly."""
    digest = hashlib.sha256()
    for seed in range(300):
        digest.update(np.packbits(fill(corners(seed), (40, 60))).tobytes())
    assert digest.hexdigest() == (
        "2ba1b36a2cf970ea6651c9170ba304304225a0a9bd8e366e49d2ab1f774cd56b"
    )
