import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.supervision import selected, supervise
from momentvos.moment import Moment

INDICES = (2, 5, 9)


def masks_of(objects):
    masks = np.zeros((objects, len(INDICES), 2, objects), dtype=bool)
    for place in range(objects):
        masks[place, :, :, place] = True
    return masks


def test_an_object_whose_moment_misses_the_clip_is_dropped():
    moments = [Moment([(0, 2)]), Moment([(20, 30)])]
    union = supervise(masks_of(2), moments, INDICES)
    assert union[..., 0].all() and not union[..., 1].any()


def test_a_moment_between_sampled_frames_does_not_count():
    assert selected([Moment([(3, 4)])], INDICES) == [False]


def test_a_kept_object_is_supervised_outside_its_moment_too():
    assert supervise(masks_of(1), [Moment([(5, 5)])], INDICES).all()


def test_without_oss_every_object_is_supervised():
    moments = [Moment([(0, 2)]), Moment.empty()]
    assert supervise(masks_of(2), moments, INDICES, oss=False).all()


def test_no_target_is_an_empty_mask():
    union = supervise(np.zeros((0, 3, 4, 5), dtype=bool), [], INDICES)
    assert union.shape == (3, 4, 5) and not union.any()


@given(st.lists(st.lists(st.integers(0, 12), max_size=4), max_size=5))
def test_the_union_is_that_of_the_overlapping_objects(frames):
    moments = [Moment.from_frames(chosen) for chosen in frames]
    masks = masks_of(len(moments)) if moments else np.zeros((0, 3, 2, 2), dtype=bool)
    union = supervise(masks, moments, INDICES)
    for place, moment in enumerate(moments):
        assert union[..., place].all() == bool(set(INDICES) & set(moment.frames()))
