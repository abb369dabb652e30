"""Mask geometry and its augmentations."""

import pytest
import torch

from momentvos.selection.geometry import (
    GEOMETRY,
    TRAJECTORY,
    jitter,
    mask_geometry,
    merge_touching,
    mirror,
    trajectory_features,
)


def test_geometry_is_position_size_and_shape():
    masks = torch.zeros(4, 40, 80, dtype=torch.bool)
    masks[0, 10:30, 20:60] = True
    masks[1, 39, 79] = True
    masks[2] = torch.eye(40, 80, dtype=torch.bool)
    centre, corner, slope, nothing = mask_geometry(masks).tolist()
    # A uniform square of side s has the variance s^2 / 12: here 1 / 12, over 1 / 4 of the picture.
    assert centre[:4] == pytest.approx([0.0, 0.0, 0.5, 1.0], abs=1e-5)
    assert centre[4:7] == pytest.approx([1 / 3, 1 / 3, 0.0], abs=2e-3)
    assert centre[7:] == [0.0] * 4
    assert corner[:4] == pytest.approx([79 / 80, 39 / 40, (1 / 3200) ** 0.5, 1.0], abs=1e-5)
    assert corner[7:] == [0.0, 1.0, 0.0, 1.0]
    assert slope[6] > 0.5 and slope[7:] == [1.0, 0.0, 1.0, 1.0]
    assert mask_geometry(masks[2:3].flip(2))[0, 6] == pytest.approx(-slope[6], rel=1e-3)
    assert nothing == [0.0] * GEOMETRY


def test_trajectory_features_add_changes_over_time():
    geometry = torch.zeros(6, GEOMETRY)
    geometry[1:, 3] = 1.0
    geometry[1:, 0] = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5])
    features = trajectory_features(geometry)
    assert features.shape == (6, TRAJECTORY)
    assert torch.equal(features[:, :GEOMETRY], geometry)
    one, three = features[:, GEOMETRY], features[:, GEOMETRY + 7]
    assert one.tolist() == pytest.approx([0, 0, 1, 1, 1, 1], abs=1e-5)  # ten times a tenth
    assert three.tolist() == pytest.approx([0, 0, 0, 0, 1.2, 1.2], abs=1e-5)
    assert trajectory_features(geometry[:1]).shape == (1, TRAJECTORY)
    assert (trajectory_features(geometry[:1])[:, GEOMETRY:] == 0).all()


def test_jittered_geometry_is_near_and_of_the_same_object():
    torch.manual_seed(0)
    masks = torch.zeros(200, 16, 24, 24, dtype=torch.bool)
    masks[:, 2:, 6:14, 8:16] = True
    geometry = mask_geometry(masks)
    other = jitter(geometry)
    assert (other[:, :2] == 0).all(), "an invisible object stays invisible"
    visible = other[:, 2:, 3] > 0
    assert 0.9 < visible.float().mean() < 1.0
    moved = (other - geometry)[:, 2:][visible]
    assert (moved[:, 7:] == 0).all()
    assert 0.005 < moved[:, 0].abs().median() < 0.05
    assert moved[:, :3].abs().max() < geometry[0, 5, 2], "never off by its own size"
    first, last = (other - geometry)[:, 2, 0], (other - geometry)[:, 15, 0]
    assert last.abs().mean() > 1.5 * first.abs().mean(), "some are degraded on the way"


def test_mirrored_geometry_is_that_of_mirrored_masks():
    torch.manual_seed(0)
    masks = torch.rand(6, 9, 20, 30) > 0.7
    masks[0] = False
    masks[1, :, :, 3:] = False
    mirrored, expected = mirror(mask_geometry(masks)), mask_geometry(masks.flip(-1))
    torch.testing.assert_close(mirrored, expected, atol=1e-4, rtol=1e-4)


def test_merged_geometry_is_that_of_the_union_while_masks_touch():
    torch.manual_seed(0)
    length = 12
    masks = torch.zeros(300, 3, length, 32, 32, dtype=torch.bool)
    masks[:, 0, :, 4:12, 4:12] = True
    for frame in range(length):  # it comes near, touches in the second half, and goes again
        left = 24 - 2 * min(frame, 6) if frame < 10 else 24
        masks[:, 1, frame, 4:12, left : left + 6] = True
    masks[:, 2, 3:, 26:30, 26:30] = True
    geometry = mask_geometry(masks)
    both = mask_geometry(masks[:, :2].any(1))
    merged = merge_touching(geometry)
    changed = (merged != geometry).any(-1)
    assert not changed[:, 2].any(), "nothing touches it"
    assert not changed[:, :2, :5].any(), "not before they meet"
    expected = both[:, None].expand_as(merged[:, :2])[changed[:, :2]]
    torch.testing.assert_close(merged[changed], expected)
    share = changed[:, :2].any(2).float().mean()
    assert 0.2 < share < 0.35, "in some of the objects only"
    late = changed[:, :2, 10:].any(2).float().mean()
    assert 0.02 < late < 0.5 * share, "some stay together, most do not"


def test_a_single_object_is_never_merged():
    geometry = mask_geometry(torch.ones(1, 1, 5, 8, 8, dtype=torch.bool))
    for _ in range(20):
        assert torch.equal(merge_touching(geometry), geometry)
