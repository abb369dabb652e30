import math

import torch

from momentvos.systems.tgl.hsa import time_embedding


def test_the_angle_is_that_of_samwise():
    """2 pi t / (T + 1e-6), in the pairs sine and cosine of falling frequency."""
    like = torch.zeros(1, dtype=torch.float64)
    made = time_embedding(8, 6, None, like)
    assert made.shape == (1, 8, 6)
    for t in range(1, 9):
        for pair in range(3):
            angle = 2 * math.pi * t / (8 + 1e-6) / 10000 ** (2 * pair / 6)
            assert abs(made[0, t - 1, 2 * pair].item() - math.sin(angle)) < 2e-6
            assert abs(made[0, t - 1, 2 * pair + 1].item() - math.cos(angle)) < 2e-6
    # The last angle of a clip of one falls short of the whole turn by 2 pi * 1e-6.
    alone = time_embedding(1, 2, None, like)[0, 0, 0].item()
    assert -7.5e-6 < alone < -5e-6


def test_padding_is_not_counted():
    mask = torch.tensor([[True, False, True], [False, False, False]])
    made = time_embedding(3, 4, mask, torch.zeros(1))
    pair = time_embedding(2, 4, None, torch.zeros(1))[0]
    assert torch.equal(made[0, [0, 2]], pair)
    assert made.isfinite().all()
