import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from momentvos.evaluation.masks import score_masks, score_rle
from momentvos.evaluation.packed import pack
from momentvos.evaluation.rle import boxes, counts, empty


def encode(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))


def as_text(rle):
    return {**rle, "counts": rle["counts"].decode()}


def unpack(words, rows):
    """uint64 [columns, words] -> bool [rows, columns]."""
    flags = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")
    return flags[:, :rows].T.astype(bool)


@st.composite
def pairs(draw):
    size = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=90))
    return draw(hnp.arrays(bool, size)), draw(hnp.arrays(bool, size))


@given(pairs())
@settings(max_examples=200, deadline=None)
def test_scores_are_those_of_the_decoded_masks(pair):
    truth, prediction = pair
    whole = score_masks(truth, prediction)
    found = score_rle(encode(truth), as_text(encode(prediction)))
    assert found == pytest.approx((float(whole.j), float(whole.f)), abs=1e-12)


@given(pairs())
@settings(max_examples=200, deadline=None)
def test_runs_boxes_and_parts(pair):
    one, other = pair
    rle = encode(one)
    flat = one.flatten(order="F")
    assert counts(rle).sum() == one.size
    turns = counts(rle).cumsum()[:-1]
    changes = np.flatnonzero(np.diff(np.concatenate(([False], flat))))
    assert turns.tolist() == changes.tolist()
    box = boxes(rle, encode(other))
    union = one | other
    if box is None:
        assert not union.any()
        return
    left, top, right, bottom = box
    ys, xs = np.nonzero(union)
    assert box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    assert np.array_equal(unpack(pack(rle, box), bottom - top), one[top:bottom, left:right])


def test_large_runs_have_signs_and_many_groups():
    mask = np.zeros((700, 900), dtype=bool)
    mask[3:690, 2:5] = mask[100, 800] = mask[5:9, 850:] = True
    rle = encode(mask)
    assert np.array_equal(unpack(pack(rle, (0, 0, 900, 700)), 700), mask)


def test_nothing_agrees_with_nothing_only():
    mask = np.zeros((9, 7), dtype=bool)
    mask[2:5, 3:5] = True
    some = encode(mask)
    assert score_rle(None, None) == (1.0, 1.0)
    assert score_rle(empty((9, 7)), None) == (1.0, 1.0)
    assert score_rle(some, None) == (0.0, 0.0) == score_rle(None, some)
    assert score_rle(empty((9, 7)), empty((9, 7))) == (1.0, 1.0)
    full = encode(np.ones((9, 7), dtype=bool))
    assert score_rle(full, None) == (0.0, 1.0)  # a full frame has no boundary: kept for parity


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="cannot answer"):
        score_rle(empty((9, 7)), empty((7, 9)))
