"""Where points of a video lie in SAM2's square."""

import numpy as np
import pytest
import torch

from momentvos.media.arrays import ArrayVideo
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
