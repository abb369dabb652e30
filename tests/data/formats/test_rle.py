import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from momentvos.data.formats import rle
from momentvos.data.formats.entry import BrokenEntry, Entry


def entry(run):
    return Entry("masks.json", "17/3", run)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_every_mask_of_cocos_comes_back(mask):
    packed = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    run = {"size": packed["size"], "counts": packed["counts"].decode()}
    assert (rle.decode(entry(run), mask.shape) == mask).all()
    plain = rle.check(entry(run), mask.shape).tolist()
    again = {"size": run["size"], "counts": plain}
    assert (rle.decode(entry(again), mask.shape) == mask).all()


@given(st.text(max_size=12) | st.lists(st.integers(-5, 300), max_size=6) | st.none())
def test_anything_else_is_refused_or_is_a_mask(counts):
    try:
        mask = rle.decode(entry({"size": [8, 12], "counts": counts}), (8, 12))
    except BrokenEntry as broken:
        assert str(broken).startswith("In masks.json, 17/3")
    else:
        assert mask.shape == (8, 12)


@pytest.mark.parametrize("size", [[8], [8.5, 12], ["8", 12], [0, 12], [10**6, 10**6], "8x12", None])
def test_sizes_that_are_none(size):
    with pytest.raises(BrokenEntry, match="17/3"):
        rle.size(entry({"size": size, "counts": ""}))


def test_sizes_may_be_written_with_a_point():
    assert rle.size(entry({"size": [480.0, 848.0]})) == (480, 848)
