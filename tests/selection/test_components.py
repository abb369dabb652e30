"""Connected components of masks, and their links."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from momentvos.selection.components import (
    SMALLEST,
    Component,
    anchors,
    components,
    containment,
    encode,
    iou,
    link,
)

SIDE = 32
masks = stn.arrays(bool, (SIDE, SIDE))


def square(frame, top, left, side=6, confidence=0.9):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return Component(frame, encode(mask), int(mask.sum()), confidence)


@given(masks, st.integers(0, 99))
def test_components_are_disjoint_and_lie_in_the_mask(mask, frame):
    probability = np.linspace(0, 1, mask.size).reshape(mask.shape)
    made = components(frame, mask, probability)
    total = np.zeros(mask.shape, int)
    for component in made:
        pixels = component.pixels()
        total += pixels
        assert component.frame == frame
        assert component.area == pixels.sum() >= SMALLEST * mask.size
        assert np.isclose(component.confidence, probability[pixels].mean())
    assert (total <= mask).all()


def test_regions_that_are_too_small_are_no_components():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[3, 3] = mask[10:13, 10] = True
    made = components(0, mask, np.ones(mask.shape))
    assert [component.area for component in made] == [3]


def test_overlap_is_intersection_over_union():
    one, other, far = square(0, 0, 0), square(0, 0, 3), square(0, 20, 20)
    table = iou([one.mask, far.mask], [one.mask, other.mask, far.mask])
    assert np.allclose(table, [[1, 18 / 54, 0], [0, 0, 1]])
    assert iou([], [one.mask]).shape == (0, 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 25), st.integers(0, 25)), max_size=20))
def test_every_component_belongs_to_one_chain_which_is_once_in_a_frame(places):
    regions = [square(*place) for place in sorted(places)]
    chains = link(regions)
    assert sorted(id(component) for chain in chains for component in chain) == sorted(
        map(id, regions)
    )
    for chain in chains:
        frames = [component.frame for component in chain]
        assert frames == sorted(set(frames))
    weights = [sum(component.confidence for component in chain) for chain in chains]
    assert weights == sorted(weights, reverse=True)


def test_two_moving_objects_are_two_chains_and_a_missing_frame_does_not_part_them():
    one = [square(frame, 2, 2 + frame) for frame in range(8)]
    other = [square(frame, 20, 20 - frame) for frame in range(8) if frame != 4]
    both = sorted(one + other, key=lambda component: component.frame)
    assert link(both) == [one, other]


def test_a_component_much_later_begins_another_chain():
    assert len(link([square(0, 2, 2), square(9, 2, 2)])) == 2


def test_the_best_anchor_has_the_usual_size():
    chain = [square(k, 2, 2, side, 0.8) for k, side in enumerate((6, 6, 12, 6))]
    chain[2] = square(2, 2, 2, 12, 0.99)
    assert anchors(chain)[0] is not chain[2]
    assert anchors(chain[2:3]) == chain[2:3]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(1, 4), st.integers(1, 4))
def test_anchors_lie_apart_and_no_others_are_surer_together(confidences, count, apart):
    chain = [square(k, 2, 2, confidence=one) for k, one in enumerate(confidences)]
    chosen = anchors(chain, count, apart)
    frames = sorted(component.frame for component in chosen)
    assert 1 <= len(chosen) <= count
    assert [one.confidence for one in chosen] == sorted(
        (one.confidence for one in chosen), reverse=True
    )
    assert all(b - a >= apart for a, b in pairwise(frames))
    others = (
        sum(confidences[place] for place in places)
        for size in range(1, count + 1)
        for places in combinations(range(len(chain)), size)
        if all(b - a >= apart for a, b in pairwise(places))
    )
    assert sum(one.confidence for one in chosen) == pytest.approx(max(others))


def test_two_anchors_at_the_ends_count_for_more_than_a_surer_one_between():
    chain = [square(k, 2, 2, confidence=one) for k, one in enumerate((0.8, 0.7, 0.9, 0.7, 0.8))]
    assert {one.frame for one in anchors(chain, 4, 3)} == {0, 4}


def test_a_part_lies_inside_the_whole_but_not_the_whole_in_the_part():
    whole, part, aside = square(0, 4, 4, 8), square(0, 4, 4, 4), square(0, 8, 8, 8)
    assert containment(part.mask, whole.mask) == 1.0
    assert containment(whole.mask, part.mask) == 0.25
    assert containment(aside.mask, whole.mask) == 0.25
