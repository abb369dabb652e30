"""A small SAM2 with random weights, features of a few frames, and tokens of three sentences."""

import pytest
import torch
from transformers import Sam2HieraDetConfig, Sam2VideoModel

from momentvos.sam2 import encode
from momentvos.sam2.sizes import sam_config

FRAMES = 7


@pytest.fixture(scope="session")
def sam():
    torch.manual_seed(0)
    hiera = Sam2HieraDetConfig(
        image_size=[64, 64],
        hidden_size=16,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[16, 32, 64, 128],
        num_attention_heads_per_stage=[1, 1, 2, 2],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[3],
    )
    model = Sam2VideoModel(sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    return model.eval()


@pytest.fixture(scope="session")
def features(sam):
    torch.manual_seed(1)
    with torch.no_grad():
        return encode(sam, torch.randn(FRAMES, 3, 64, 64))


@pytest.fixture(scope="session")
def tokens():
    torch.manual_seed(2)
    return torch.randn(3, 1, 64)
