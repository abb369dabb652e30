import numpy as np
import pytest
import torch
from transformers import Sam2HieraDetConfig

from momentvos.media.arrays import ArrayVideo
from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.mllm.chat import END
from momentvos.sam2.sizes import sam_config
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.model import Sa2VaModel


@pytest.fixture(scope="session")
def build():
    """Makes a model of some thousand parameters that answers every prompt with [SEG]."""

    def make(answers=True, **overrides):
        words = train_chat_tokenizer(["Please segment the dog that jumps."], 340)
        hiera = Sam2HieraDetConfig(
            image_size=[64, 64],
            hidden_size=8,
            num_attention_heads=1,
            blocks_per_stage=[1, 1, 2, 1],
            embed_dim_per_stage=[8, 16, 32, 64],
            num_attention_heads_per_stage=[1, 1, 2, 2],
            window_size_per_stage=[4, 4, 4, 2],
            global_attention_blocks=[3],
        )
        sizes = {"hidden": 32, "layers": 2, "heads": 2, "feed_forward": 48, "full": (1,)}
        sizes |= {"vision": 16, "vision_layers": 2, "vision_heads": 2, "patch": 4}
        values = {
            "sam_config": sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64),
            "mllm_config": qwen_config(words, **sizes),
            "image_budget": (4, 16),
            "picture_budget": (4, 64),
            "answer_limit": 4,
        }
        values["mllm_config"].tie_word_embeddings = False
        torch.manual_seed(0)
        model = Sa2VaModel(Sa2VaConfig(**(values | overrides)))
        model.use_tokenizer(words)
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 or not name.startswith("mllm."):
                torch.nn.init.normal_(parameter, std=0.3 if "mlp" in name else 0.15)
        with torch.no_grad():
            head, embeddings = model.mllm.lm_head.weight, model.mllm.get_input_embeddings().weight
            embeddings *= 100
            newline = words.encode("assistant\n", add_special_tokens=False)[-1]
            seg, end = model.seg_token, words.convert_tokens_to_ids(END)
            head.zero_()
            head[[seg, end]] = embeddings[[newline, seg]] if answers else embeddings[[seg, newline]]
        return model.eval()

    return make


@pytest.fixture(scope="session")
def model(build):
    return build()


@pytest.fixture(scope="session")
def frames():
    return np.random.default_rng(0).integers(0, 256, (12, 40, 56, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def video(frames):
    return ArrayVideo(frames, 8.0)
