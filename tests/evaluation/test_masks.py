"""J and F against a literal, slow reading of the definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from momentvos.evaluation.masks import (
    contour_accuracy,
    region_similarity,
    score_masks,
    tolerance,
)


def literal_boundary(mask):
    height, width = mask.shape
    edge = np.zeros((height, width), dtype=bool)
    for y in range(height):
        for x in range(width):
            right = x + 1 < width
            below = y + 1 < height
            edge[y, x] = (
                (right and mask[y, x] != mask[y, x + 1])
                or (below and mask[y, x] != mask[y + 1, x])
                or (right and below and mask[y, x] != mask[y + 1, x + 1])
            )
    return edge


def literal_j(truth, prediction):
    union = np.logical_or(truth, prediction).sum()
    return 1.0 if union == 0 else np.logical_and(truth, prediction).sum() / union


def literal_f(truth, prediction):
    radius = math.ceil(0.008 * math.hypot(*truth.shape))
    wanted = np.argwhere(literal_boundary(truth))
    found = np.argwhere(literal_boundary(prediction))
    if len(wanted) == 0 or len(found) == 0:
        return 1.0 if len(wanted) == len(found) else 0.0
    near = ((wanted[:, None] - found[None]) ** 2).sum(-1) <= radius**2
    precision, recall = near.any(0).mean(), near.any(1).mean()
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def assert_literal(truth, prediction):
    scores = score_masks(truth, prediction)
    assert scores.j == pytest.approx(literal_j(truth, prediction), abs=1e-9)
    assert scores.f == pytest.approx(literal_f(truth, prediction), abs=1e-9)


@st.composite
def pairs(draw):
    size = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))
    return draw(hnp.arrays(bool, size)), draw(hnp.arrays(bool, size))


@given(pairs())
@settings(max_examples=200)
def test_small_masks_of_any_kind(pair):
    assert_literal(*pair)


@pytest.mark.parametrize("size", [(96, 96), (80, 143), (143, 80)])
def test_object_shaped_masks(blobs, size):
    rng = np.random.default_rng(7)
    for _ in range(4):
        truth = blobs(rng, size)
        moved = np.roll(truth, rng.integers(-6, 7, 2), axis=(0, 1))
        assert_literal(truth, moved)
        assert_literal(truth, blobs(rng, size))


@pytest.mark.parametrize(
    ("size", "radius"),
    [((480, 854), 8), ((720, 1280), 12), ((1080, 1920), 18), ((2160, 3840), 36), ((300, 400), 4)],
)
def test_tolerance_rounds_up(size, radius):
    assert tolerance(size) == radius


EMPTY, FULL = np.zeros((20, 30), dtype=bool), np.ones((20, 30), dtype=bool)
SPOT = EMPTY.copy()
SPOT[9, 9] = True


@pytest.mark.parametrize(
    ("truth", "prediction", "j", "f"),
    [
        (EMPTY, EMPTY, 1, 1),
        (SPOT, EMPTY, 0, 0),
        (EMPTY, SPOT, 0, 0),
        (SPOT, SPOT, 1, 1),
        (FULL, FULL, 1, 1),
        (FULL, EMPTY, 0, 1),
        (FULL, SPOT, 1 / 600, 0),
    ],
    ids=["nothing", "missed", "invented", "spot", "full", "full missed", "full for a spot"],
)
def test_empty_and_full_masks(truth, prediction, j, f):
    assert region_similarity(truth, prediction) == pytest.approx(j)
    assert contour_accuracy(truth, prediction) == pytest.approx(f)


@pytest.mark.parametrize("y", [0, 1, 18, 19])
@pytest.mark.parametrize("x", [0, 1, 28, 29])
def test_one_pixel_near_every_border(y, x):
    spot = EMPTY.copy()
    spot[y, x] = True
    for other in (SPOT, FULL, spot, np.roll(spot, 1, axis=1), np.roll(spot, 1, axis=0)):
        assert_literal(spot, other)
        assert_literal(other, spot)


@pytest.mark.parametrize("edge", [np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]])
def test_bands_along_each_border(edge):
    band = EMPTY.copy()
    band[edge] = True
    for other in (FULL, EMPTY, SPOT, ~band):
        assert_literal(band, other)


def test_stacks_score_frame_by_frame(blobs):
    rng = np.random.default_rng(1)
    truth = np.stack([blobs(rng, (40, 60)) for _ in range(6)]).reshape(2, 3, 40, 60)
    scores = score_masks(truth, np.roll(truth, 1, axis=-1))
    assert scores.j.shape == scores.f.shape == scores.jf.shape == (2, 3)
    one, other = truth[1, 2], np.roll(truth[1, 2], 1, axis=-1)
    assert scores.j[1, 2] == region_similarity(one, other)
    assert scores.jf[1, 2] == (region_similarity(one, other) + contour_accuracy(one, other)) / 2


def test_any_nonzero_value_is_foreground():
    assert region_similarity(SPOT.astype(np.uint8) * 255, SPOT) == 1


def test_masks_of_another_size_are_refused():
    with pytest.raises(ValueError, match="shape"):
        score_masks(EMPTY, EMPTY[:10])
