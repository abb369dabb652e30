import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, Qwen3VLConfig

from momentvos.mllm import Patching, qwen_config, train_chat_tokenizer

SIZES = {
    "hidden": 32,
    "layers": 2,
    "heads": 2,
    "feed_forward": 48,
    "vision": 16,
    "vision_layers": 2,
    "vision_heads": 2,
    "patch": 4,
    "full": (1,),
}


@pytest.fixture(scope="session")
def tokenizer():
    return train_chat_tokenizer(["Please segment the dog in this video.", "Sure, it is here."], 400)


def seeded(config):
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.fixture(scope="session")
def qwen(tokenizer):
    return seeded(qwen_config(tokenizer, **SIZES))


@pytest.fixture(scope="session")
def qwen3(tokenizer):
    like = qwen_config(tokenizer, **SIZES)
    text = {
        "vocab_size": like.text_config.vocab_size,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 4,
        "out_hidden_size": 32,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    numbers = {name: getattr(like, name) for name in names}
    return seeded(Qwen3VLConfig(text_config=text, vision_config=vision, **numbers))


@pytest.fixture(scope="session")
def patching(qwen):
    return Patching.of(qwen.config)


@pytest.fixture(scope="session")
def frames():
    return np.random.default_rng(0).integers(0, 256, (5, 40, 56, 3), dtype=np.uint8)
