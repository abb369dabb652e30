"""Clips, and tiny random models of the classes that published weights have, saved in folders."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

WORDS = ["the dog that jumps", "a red square moves left, then right", "which frames show it"]


@pytest.fixture(scope="session")
def tokenizer():
    from momentvos.text import train_tokenizer

    return train_tokenizer(WORDS, 400, 32)


@pytest.fixture(scope="session")
def write_frames(tmp_path_factory) -> Callable[..., Path]:
    """A folder of frames, each of one grey level: write_frames(12) -> path."""
    from PIL import Image

    def write(count: int, size: tuple[int, int] = (40, 30)) -> Path:
        folder = tmp_path_factory.mktemp("frames") / "clip"
        folder.mkdir()
        for number in range(count):
            picture = np.full((size[1], size[0], 3), number * 255 // max(count - 1, 1), np.uint8)
            picture[:10, number % 30 : number % 30 + 8] = (255, 0, 0)
            Image.fromarray(picture).save(folder / f"{number:05}.png")
        return folder

    return write


@pytest.fixture(scope="session")
def clip(write_frames):
    """Twenty frames at 8 frames a second."""
    from momentvos.media import Video

    return Video.open(write_frames(20), fps=8)


def _save(folder: Path, model, tokenizer, images) -> Path:
    import torch

    # The library's own first weights are so small that all frames look the same.
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    images.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def vision() -> dict:
    return {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 16,
    }


@pytest.fixture(scope="session")
def words(tokenizer) -> dict:
    return {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 32,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
    }


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory, tokenizer, vision, words) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    config = CLIPConfig(text_config=words, vision_config=vision, projection_dim=12)
    square = {"height": 32, "width": 32}
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=square)
    folder = tmp_path_factory.mktemp("weights") / "clip"
    return _save(folder, CLIPModel(config), tokenizer, images)


@pytest.fixture(scope="session", params=["siglip", "siglip2"])
def siglip_folder(request, tmp_path_factory, tokenizer, vision, words) -> Path:
    import torch
    import transformers
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    torch.manual_seed(0)
    if request.param == "siglip":
        kind, make = transformers.SiglipConfig, transformers.SiglipModel
        images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    else:
        kind, make = transformers.Siglip2Config, transformers.Siglip2Model
        vision = vision | {"num_patches": 4}
        images = Siglip2ImageProcessorPil(patch_size=16, max_num_patches=4)
    config = kind(text_config=words | {"projection_size": 16}, vision_config=vision)
    folder = tmp_path_factory.mktemp("weights") / request.param
    return _save(folder, make(config), tokenizer, images)


@pytest.fixture(scope="session")
def blip2_folder(tmp_path_factory, tokenizer, vision, words) -> Path:
    import torch
    from transformers import Blip2Config, Blip2ForImageTextRetrieval
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    torch.manual_seed(0)
    qformer = words | {"encoder_hidden_size": 16, "use_qformer_text_input": True}
    config = Blip2Config(
        vision_config=vision,
        qformer_config=qformer,
        num_query_tokens=4,
        image_text_hidden_size=12,
    )
    model = Blip2ForImageTextRetrieval(config)
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(tmp_path_factory.mktemp("weights") / "blip2", model, tokenizer, images)


@pytest.fixture(scope="session")
def xclip_folder(tmp_path_factory, tokenizer, vision, words) -> Path:
    import torch
    from transformers import XCLIPConfig, XCLIPModel
    from transformers.models.videomae.image_processing_pil_videomae import (
        VideoMAEImageProcessorPil,
    )

    torch.manual_seed(0)
    extra = {
        "num_frames": 4,
        "mit_hidden_size": 16,
        "mit_intermediate_size": 32,
        "mit_num_attention_heads": 2,
    }
    config = XCLIPConfig(
        text_config=words,
        vision_config=vision | extra,
        projection_dim=16,
        prompt_layers=1,
        prompt_num_attention_heads=2,
    )
    square = {"height": 32, "width": 32}
    images = VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=square)
    folder = tmp_path_factory.mktemp("weights") / "xclip"
    return _save(folder, XCLIPModel(config), tokenizer, images)


@pytest.fixture
def half(monkeypatch) -> None:
    """Weights are loaded in bfloat16, as on a GPU."""
    import torch

    from momentvos.grounding import weights

    monkeypatch.setattr(weights, "precision", lambda device: torch.bfloat16)
