import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from momentvos.evaluation.masks import score_masks, score_rle
from momentvos.evaluation.packed import boundary, dilate, pack_masks, pack_rle
from momentvos.evaluation.rle import boxes, counts, empty


def encode(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))


def as_text(rle):
    return {**rle, "counts": rle["counts"].decode()}


def unpack(pair, rows):
    """uint64 [2, columns, words] -> bool [2, rows, columns]."""
    flags = np.unpackbits(pair.view(np.uint8), axis=-1, bitorder="little")
    return flags[..., :rows].transpose(0, 2, 1).astype(bool)


@st.composite
def pairs(draw):
    size = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=90))
    return draw(hnp.arrays(bool, size)), draw(hnp.arrays(bool, size))


@given(pairs())
@settings(max_examples=200)
def test_scores_are_those_of_the_decoded_masks(pair):
    truth, prediction = pair
    whole = score_masks(truth, prediction)
    found = score_rle(encode(truth), as_text(encode(prediction)))
    assert found == pytest.approx((float(whole.j), float(whole.f)), abs=1e-12)


@given(pairs())
@settings(max_examples=200)
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
    parts = np.stack([one, other])[:, top:bottom, left:right]
    pair = pack_rle(rle, encode(other), box, 1)
    assert np.array_equal(unpack(pair, bottom - top), parts)
    assert np.array_equal(pack_masks(parts, 1), pair)


def test_large_runs_have_signs_and_many_groups():
    mask = np.zeros((700, 900), dtype=bool)
    mask[3:690, 2:5] = mask[100, 800] = mask[5:9, 850:] = True
    pair = pack_rle(encode(mask), encode(~mask), (0, 0, 900, 700), 9)
    assert np.array_equal(unpack(pair, 700), [mask, ~mask])


def disk(mask, radius):
    y, x = np.indices(mask.shape)
    reached = [(y - row) ** 2 + (x - col) ** 2 <= radius**2 for row, col in np.argwhere(mask)]
    return np.any(reached, axis=0) if reached else mask


LONE = np.arange(2 * 7 * 11).reshape(2, 7, 11) == 0  # nothing above it to grow from


@given(hnp.arrays(bool, (2, 7, 11)), st.integers(0, 15))
@example(LONE, 9)
def test_dilation_is_a_disk(masks, radius):
    grown = unpack(dilate(pack_masks(masks, radius), radius), 7)
    assert np.array_equal(grown, [disk(mask, radius) for mask in masks])


@pytest.mark.parametrize("radius", [0, 1, 8, 63, 64, 93, 130])
def test_disks_reach_over_words_and_columns_only(radius):
    masks = np.zeros((2, 300, 40), dtype=bool)
    masks[0, 150, 20] = masks[0, 0, 3] = masks[1, 299, 39] = masks[1, 63, 0] = True
    grown = unpack(dilate(pack_masks(masks, radius), radius), 300)
    assert np.array_equal(grown, [disk(mask, radius) for mask in masks])


@pytest.mark.parametrize("edge", [np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]])
def test_boundaries_look_right_and_down(edge):
    band = np.zeros((70, 30), dtype=bool)
    band[edge] = True
    padded = np.pad(band, ((0, 1), (0, 1)))
    right = band != padded[:-1, 1:]
    below = band != padded[1:, :-1]
    across = band != padded[1:, 1:]
    right[:, -1] = below[-1] = across[-1] = across[:, -1] = False
    found = unpack(boundary(pack_masks(np.stack([band, ~band]), 1), 70), 70)
    assert np.array_equal(found[0], right | below | across) and np.array_equal(*found)


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
