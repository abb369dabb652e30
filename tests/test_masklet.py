import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from momentvos.errors import PredictionError
from momentvos.masklet import Masklet

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(masks)
def test_a_mask_comes_back(mask):
    masklet = Masklet(mask.shape)
    masklet.set(3, mask)
    assert np.array_equal(masklet.get(3), mask)
    assert masklet.areas == ({3: mask.sum()} if mask.any() else {})
    again = Masklet.from_json(masklet.to_json(5), mask.shape)
    assert again == masklet and again.areas == masklet.areas


def test_column_runs_are_long_and_short():
    rng = np.random.default_rng(0)
    mask = rng.random((300, 200)) < np.linspace(0, 1, 200) ** 4
    mask[:, 150:] = True
    masklet = Masklet(mask.shape)
    masklet.set(0, mask)
    assert Masklet.from_json(masklet.to_json(), mask.shape).areas[0] == mask.sum()


def test_coco_reads_it():
    from pycocotools import mask as coco

    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:6] = True
    masklet = Masklet((5, 7))
    masklet.set(0, mask)
    rle = masklet.rle(0)
    assert rle["size"] == [5, 7] and isinstance(rle["counts"], str)
    assert np.array_equal(coco.decode(rle), mask)


def test_frames_that_are_absent_or_empty():
    masklet = Masklet((2, 3))
    masklet.set(4, np.ones((2, 3)))
    masklet.set(1, np.ones((2, 3), np.uint8) * 255)
    masklet.set(4, np.zeros((2, 3), bool))
    assert masklet.frames() == [1] and len(masklet) == 1
    assert masklet.rle(4) is None and not masklet.get(9).any()
    assert masklet.get(9).shape == (2, 3) and masklet.to_json(3)[0] is None
    assert not Masklet((2, 3))


def test_refuses_a_mask_of_another_size():
    with pytest.raises(ValueError, match="mask is"):
        Masklet((2, 3)).set(0, np.ones((3, 2), bool))


def good():
    masklet = Masklet((4, 4))
    masklet.set(0, np.eye(4, dtype=bool))
    return masklet.rle(0)


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {},
        {"size": [4, 4]},
        {"size": [4, 4], "counts": [1, 2]},
        {"size": [4, 5], "counts": good()["counts"]},
        {"size": [4, 4], "counts": good()["counts"][:-1]},
        {"size": [4, 4], "counts": good()["counts"] + "1"},
        {"size": [4, 4], "counts": "é" * 20},
        {"size": [4, 4], "counts": "oooooooooo"},
        {"size": [4, 4], "counts": "P" * 10},
    ],
)
def test_refuses_malformed_strings(entry):
    with pytest.raises(PredictionError, match="frame 1"):
        Masklet.from_json([None, entry], (4, 4))


@given(st.text(alphabet=[chr(code) for code in range(48, 112)], max_size=40))
def test_any_string_is_refused_or_fills_the_size(counts):
    try:
        masklet = Masklet.from_json([{"size": [6, 5], "counts": counts}], (6, 5))
    except PredictionError:
        return
    assert masklet.get(0).sum() == masklet.areas.get(0, 0)


@pytest.mark.parametrize("size", [(0, 4), (1 << 20, 1 << 20)])
def test_refuses_impossible_sizes(size):
    with pytest.raises(PredictionError, match="out of bounds"):
        Masklet.from_json([], size)


def test_refuses_what_is_no_list():
    with pytest.raises(PredictionError, match="list"):
        Masklet.from_json({"0": good()}, (4, 4))
