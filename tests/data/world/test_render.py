import numpy as np
import pytest

from momentvos.data.world import render, samples, scene, world_samples
from momentvos.data.world.atlas import LOOKS, categories, looks_of, tile
from momentvos.data.world.background import FAMILIES, canvas
from momentvos.errors import DataError


@pytest.mark.parametrize("size", [32, 100, 256])
def test_any_size_can_be_drawn(size):
    frames, ids = render(scene(1), [0, 7], size)
    assert frames.shape == (2, size, size, 3) and frames.dtype == np.uint8
    assert ids.shape == (2, size, size) and ids.dtype == np.uint8


def test_objects_are_where_their_poses_say():
    made = scene(4)
    _, ids = render(made, range(made.length), 256)
    for k, actor in enumerate(made.objects):
        for frame in np.flatnonzero(actor.visible)[::5]:
            y, x = np.nonzero(ids[frame] == k + 1)
            px, py, size, _ = actor.poses[frame] * 256
            assert np.abs(x + 0.5 - px).max() <= 0.72 * size + 1
            assert np.abs(y + 0.5 - py).max() <= 0.72 * size + 1


def test_sizes_agree():
    made = scene(2)
    small, large = (render(made, [16], size)[1][0] for size in (128, 256))
    for k in range(len(made.objects)):
        share = (small == k + 1).mean(), (large == k + 1).mean()
        assert share[0] == pytest.approx(share[1], abs=0.003, rel=0.15)


def test_upper_layers_hide_lower_ones():
    made = scene(0)
    frame = 16
    _, ids = render(made, [frame], 256)
    alone = {}
    for k, actor in enumerate(made.objects):
        only = type(made)(made.seed, made.split, (actor,), (), made.camera, made.background)
        alone[k] = render(only, [frame], 256)[1][0] > 0
    for k, actor in enumerate(made.objects):
        above = [alone[j] for j, other in enumerate(made.objects) if other.layer > actor.layer]
        hidden = np.any(above, axis=0) if above else np.zeros_like(alone[k])
        assert np.array_equal(ids[0] == k + 1, alone[k] & ~hidden)


def test_frames_may_repeat_and_do_not_depend_on_their_company():
    made = scene(7)
    frames, ids = render(made, [3, 20, 3], 64)
    alone, alone_ids = render(made, [20], 64)
    assert np.array_equal(frames[0], frames[2]) and np.array_equal(frames[1], alone[0])
    assert np.array_equal(ids[1], alone_ids[0])


def test_looks_change_the_drawing_and_keep_its_outline():
    for name in categories():
        plain = np.asarray(tile(name, "plain", False, 64)).astype(int)
        assert (plain[..., 3] > 127).sum() > 400
        for look in looks_of(name):
            tinted = np.asarray(tile(name, look, False, 64)).astype(int)
            assert np.array_equal(plain[..., 3], tinted[..., 3])
            assert np.abs(plain - tinted).max() > 40
            shown = tinted[plain[..., 3] > 250][:, :3].mean(axis=0)
            assert np.argmax(shown) == np.argmax(LOOKS[look])


def test_every_ground_can_be_drawn():
    for family in (name for names in FAMILIES.values() for name in names):
        pictures = [canvas(family, seed) for seed in range(3)]
        assert all(picture.dtype == np.uint8 for picture in pictures)
        assert not np.array_equal(pictures[0], pictures[1])


def test_samples_draw_the_masks_of_their_targets():
    made = scene(3, "test")
    _, ids = render(made, [5, 12, 30], 96)
    for sample, expression in zip(samples(made, 96), made.expressions, strict=True):
        masks = sample.masks([5, 12, 30])
        assert masks.shape == (len(expression.targets), 3, 96, 96) and masks.dtype == bool
        for mask, (k, _) in zip(masks, expression.targets, strict=True):
            assert np.array_equal(mask, ids == k + 1)
        assert np.array_equal(sample.frames([12])[0], render(made, [12], 96)[0][0])
        assert sample.moment == expression.moment
        assert (sample.category, sample.verbs) == (expression.category, expression.verbs)


def test_a_stream_goes_through_every_expression_of_every_video():
    stream = list(world_samples("val", 3, seed=10, size=64))
    assert len({sample.video_id for sample in stream}) == 3
    assert len(stream) == sum(len(scene(10 + i, "val").expressions) for i in range(3))
    assert len({(sample.video_id, sample.expression_id) for sample in stream}) == len(stream)


def test_a_stream_of_an_unknown_split_is_refused():
    with pytest.raises(DataError):
        next(world_samples("all", 1))


def test_a_stream_is_of_the_version_that_is_named():
    first, second = (list(world_samples("val", 1, 3, 64, world)) for world in ("v1", "v2"))
    assert (first[0].video_id, second[0].video_id) == ("world_val_000003", "world_v2_val_000003")
    assert [one.sentence for one in second] == [
        one.sentence for one in scene(3, "val", "v2").expressions
    ]
    with pytest.raises(DataError, match="v1, v2"):
        next(world_samples("val", 1, world="v3"))
