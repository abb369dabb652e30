"""The smallest model that streams."""

import pytest
from transformers import RobertaConfig, Sam2HieraDetConfig

from momentvos.sam2.sizes import sam_config
from momentvos.systems.tgl.presets import SAMWISE


@pytest.fixture(scope="session")
def tiny(build):
    """A SAMWISE of 64 x 64 pixels with random weights that answers two frames at a time.

    Overrides are fields of its config.
    """
    hiera = Sam2HieraDetConfig(
        image_size=[64, 64],
        hidden_size=8,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 4, 2],
        window_positional_embedding_background_size=[8, 8],
        global_attention_blocks=[3],
    )
    text = RobertaConfig(
        vocab_size=1024,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=1,
        intermediate_size=32,
        max_position_embeddings=66,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    options = {
        "sam_config": sam_config(hiera, hidden=128, memory=64, layers=1, feed_forward=32),
        "text_config": text,
        "adapter_hsa": False,
        "adapter_dim": 16,
        "adapter_heads": 1,
        "motion_dim": 0,
        "guided_radius": 0,
        "verbs": False,
        "window": 2,
        "cme": False,
        "image_resizer": "float",
        "presence_threshold": 0.0,
    }
    return lambda **overrides: build(**SAMWISE | options | overrides)
