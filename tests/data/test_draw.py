import numpy as np
import pytest

from momentvos.data import draw
from momentvos.data.draw import Query
from momentvos.data.options import ClipOptions
from momentvos.moment import Moment


def rng(seed=0):
    return np.random.default_rng(seed)


def test_weights_decide_what_is_drawn():
    assert draw.weighted(rng(), "abcd", [0, 1, 0, 1], 4) == ["b", "d"]
    draws = [draw.weighted(rng(seed), "ab", [9, 1], 1)[0] for seed in range(300)]
    assert 240 < draws.count("a") < 295


def test_all_items_without_a_count_and_any_without_weights():
    assert draw.weighted(rng(), "abc", [1, 2, 3], None) == ["a", "b", "c"]
    assert len(draw.weighted(rng(), "abc", [0, 0, 0], 2)) == 2


@pytest.mark.parametrize("sampler", ["moment", "random", "window"])
def test_each_sampler_gives_a_clip(sampler):
    options = ClipOptions(sampler=sampler, frames=6)
    chosen = draw.indices(rng(), 30, [Moment.empty(), Moment([(20, 24)])], options)
    assert len(chosen) == 6 and list(chosen) == sorted(chosen)
    if sampler == "moment":
        assert sum(20 <= frame <= 24 for frame in chosen) >= 3


def test_a_lane_outside_its_moment_is_empty_under_oss_only():
    masks = np.ones((1, 2, 4, 4), dtype=bool)
    frames = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    queries = [Query("a", masks, (Moment([(9, 9)]),)), Query("b", masks, (Moment([(4, 4)]),))]
    clip = draw.assemble(rng(), frames, (3, 4), queries, ClipOptions(frames=2))
    assert not clip.masks[0].any() and clip.masks[1].all()
    assert clip.moment.tolist() == [[False, False], [False, True]]
    assert clip.segment.all() and clip.indices == (3, 4)
    plain = draw.assemble(rng(), frames, (3, 4), queries, ClipOptions(frames=2, oss=False))
    assert plain.masks.all()


def test_objects_without_numbers_are_told_apart_by_their_masks():
    frames = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    left, right = np.zeros((2, 2, 4, 4), dtype=bool)
    left[:, :, :2], right[:, :, 2:] = True, True
    always = Moment.all(2)
    queries = [
        Query("both", np.stack([left, right]), (always, always)),
        Query("right", right[None], (always,)),
    ]
    clip = draw.assemble(rng(), frames, (0, 1), queries, ClipOptions(frames=2))
    assert clip.objects.dtype == np.uint8
    assert (clip.objects[left] == 1).all() and (clip.objects[right] == 2).all()
