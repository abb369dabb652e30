from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import Sam2HieraDetConfig

from momentvos.media.arrays import ArrayVideo
from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.sam2.sizes import sam_config
from momentvos.systems.examples import Examples
from momentvos.systems.momentseg import templates
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.examples import (
    chat_example,
    grounding_example,
    segmentation_example,
)
from momentvos.systems.momentseg.model import MomentSegModel

TEXTS = [
    *templates.VIDEO_QUESTIONS,
    *templates.FIND_QUESTIONS,
    *templates.SEG_ANSWERS,
    "the dog that jumps",
]


@pytest.fixture(scope="session")
def build():
    """Makes a model of some thousand parameters; overrides are fields of its config."""

    def make(**overrides):
        tokenizer = train_chat_tokenizer(TEXTS, 380)
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
        qwen = qwen_config(
            tokenizer,
            hidden=32,
            layers=2,
            heads=2,
            feed_forward=48,
            vision=16,
            vision_layers=2,
            vision_heads=2,
            patch=4,
            full=(1,),
        )
        values = {
            "sam_config": sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64),
            "mllm_config": qwen,
            "backbone_trainable": True,
            "context_budget": (1, 4),
            "image_budget": (4, 16),
            "picture_budget": (4, 16),
            "answer_limit": 24,
        }
        torch.manual_seed(0)
        model = MomentSegModel(MomentSegConfig(**(values | overrides)))
        model.use_tokenizer(tokenizer)
        for name, parameter in model.named_parameters():
            torch.nn.init.normal_(parameter, std=0.3 if "mlp" in name else 0.15)
        if model.original_decoder is not None:
            model.original_decoder.load_state_dict(model.sam.mask_decoder.state_dict())
        return model.eval()

    return make


@pytest.fixture(scope="session")
def frames():
    return np.random.default_rng(0).integers(0, 256, (20, 40, 56, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def examples(frames):
    """One conversation of each kind: video, image, grounding_example, chat."""
    context = torch.from_numpy(frames[:6])
    masks = torch.zeros(2, 3, 40, 56, dtype=torch.bool)
    masks[:, :, 8:30, 10:40] = True
    moments = torch.zeros(1, 6, dtype=torch.bool)
    moments[:, 2:4] = True
    return Examples(
        (
            segmentation_example(["the dog that jumps"] * 2, context[:3], masks, context),
            segmentation_example(["the dog"], context[:1], masks[:1, :1]),
            grounding_example(["the dog that jumps"], context, moments),
            chat_example([("What is this?", "a dog")], images=context[:1]),
        )
    )


@pytest.fixture(scope="session")
def taught(build, examples):
    """A model that has learned its answers by heart, as the ordinary training step teaches them."""
    model = build().train()
    words = Examples(tuple(replace(row, masks=None, moments=None) for row in examples.rows))
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(120):
        optimiser.zero_grad()
        losses = model(words).losses
        losses["language"].backward()
        optimiser.step()
        if losses["language"] < 0.02:
            break
    return model.eval()


@pytest.fixture(scope="session")
def mini(build):
    return build()


@pytest.fixture(scope="session")
def video(frames):
    return ArrayVideo(frames, 8.0)
