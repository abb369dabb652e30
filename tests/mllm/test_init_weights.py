import torch
from torch import nn

from momentvos.mllm.init_weights import init_temporal_filters


def test_half_of_the_filters_see_nothing_but_change():
    torch.manual_seed(0)
    patches = nn.Conv3d(3, 12, (2, 4, 4), stride=(2, 4, 4), bias=False)
    init_temporal_filters(patches)
    still = torch.rand(1, 3, 1, 4, 4).expand(-1, -1, 2, -1, -1)
    moved = torch.stack([still[:, :, 0], still[:, :, 0].roll(1, -1)], 2)
    with torch.no_grad():
        at_rest, moving = patches(still)[0, :, 0, 0, 0], patches(moved)[0, :, 0, 0, 0]
    assert at_rest[:6].abs().max() < 1e-5 < at_rest[6:].abs().min()
    assert moving[:6].abs().mean() > 0.05
