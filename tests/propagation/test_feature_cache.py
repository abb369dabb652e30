"""Where points of a video lie in SAM2's square."""

import numpy as np
import pytest
import torch

from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import feature_cache
from momentvos.propagation.feature_cache import FeatureCache


@pytest.mark.parametrize(
    ("mode", "corner", "middle"),
    [("pad", [64.0, 32.0], [32, 16]), ("stretch", [64.0, 64], [32, 32])],
)
def test_points_and_boxes_go_where_their_pixels_do(sam, mode, corner, middle):
    cache = FeatureCache(sam, ArrayVideo(np.zeros((1, 40, 80, 3), np.uint8), 1.0), mode)
    points = cache.to_square(torch.tensor([[80.0, 40.0], [40.0, 20.0]]))
    assert points.tolist() == [corner, middle]
    assert cache.to_square(torch.tensor([80, 40])).tolist() == corner
    box = cache.to_square(torch.tensor([[40.0, 20.0, 80.0, 40.0]]).view(-1, 2, 2)).flatten(1)
    assert box.tolist() == [[*middle, *corner]]


def test_features_of_so_many_frames_are_held_whatever_the_budget(sam):
    video = ArrayVideo(np.zeros((40, 40, 80, 3), np.uint8), 1.0)
    cache = FeatureCache(sam, video, "stretch", budget=0, least=20)
    for frame in range(40):
        cache([frame])
    assert len(cache) == 20


def test_frames_are_read_in_blocks_in_any_order(sam):
    frames = np.repeat(np.arange(40, dtype=np.uint8)[:, None, None, None], 40, 1)
    video = ArrayVideo(np.broadcast_to(frames, (40, 40, 80, 3)).copy(), 1.0)
    whole = FeatureCache(sam, video, "stretch")
    blocks = FeatureCache(sam, video, "stretch", block=16)
    for frame in (0, 15, 16, 39, 31, 3):
        assert torch.equal(blocks.pixels([frame]), whole.pixels([frame]))


@pytest.mark.parametrize(("pixels", "together"), [(8 * 64**2, 8), (2 * 64**2, 2), (1, 1)])
def test_on_a_cpu_neighbours_are_encoded_with_a_frame_while_they_are_small(
    sam, monkeypatch, pixels, together
):
    monkeypatch.setattr(feature_cache, "CHUNK_PIXELS", pixels)
    cache = FeatureCache(sam, ArrayVideo(np.zeros((40, 40, 80, 3), np.uint8), 1.0), "stretch")
    assert cache.side == 64
    cache([13])
    assert len(cache) == together
