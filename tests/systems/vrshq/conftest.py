import numpy as np
import pytest
import torch
from tests.switching import switching
from transformers import Sam2HieraDetConfig

from momentvos.media.arrays import ArrayVideo
from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.sam2.sizes import sam_config
from momentvos.systems.examples import Examples
from momentvos.systems.vrshq import templates
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.examples import chat_example, segmentation_example
from momentvos.systems.vrshq.model import VrsHqModel

TEXTS = [*templates.ANSWERS, templates.QUESTION, templates.IMAGE_QUESTION, "the dog that jumps"]


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
            "image_budget": (1, 4),
            "picture_budget": (4, 16),
            "answer_limit": 16,
        }
        torch.manual_seed(0)
        model = VrsHqModel(VrsHqConfig(**(values | overrides)))
        model.use_tokenizer(tokenizer)
        for name, parameter in model.named_parameters():
            torch.nn.init.normal_(parameter, std=0.3 if "mlp" in name else 0.15)
        return model.eval()

    return make


@pytest.fixture(scope="session")
def frames():
    return np.random.default_rng(0).integers(0, 256, (20, 40, 56, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def examples(frames):
    """One conversation of each kind: video, image, chat."""
    clip = torch.from_numpy(frames[:5])
    masks = torch.zeros(2, 5, 40, 56, dtype=torch.bool)
    masks[:, :, 8:30, 10:40] = True
    return Examples(
        (
            segmentation_example(["the dog that jumps", "What jumps?"], clip, masks),
            segmentation_example(["the dog"], clip[:1], masks[:1, :1]),
            chat_example([("What is this?", "a dog")], clip[:2]),
        )
    )


@pytest.fixture(scope="session")
def mini(build):
    """Finds something: its object scores are positive."""
    model = build()
    with torch.no_grad():
        model.sam.mask_decoder.pred_obj_score_head.proj_out.bias += 3
    return model


@pytest.fixture
def switched(mini):
    """Sets fields of the config for one test."""
    with switching(mini) as switch:
        yield switch


@pytest.fixture(scope="session")
def video(frames):
    return ArrayVideo(frames, 8.0)
