"""Doors of grounders' model folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.door import Door, frames
from tests.fuzz.files import JSON, SAFETENSORS


def _grounder(make: Callable[[Path], None], spec: str, *more: str) -> Door:
    def use(folder: Path) -> None:
        from momentvos.grounding import build
        from momentvos.media import Video

        video = Video.open(folder.parent / "clip")
        build(spec.format(folder), "cpu").ground(video, ["the dog that jumps"])

    names = ("config.json", "tokenizer.json", "tokenizer_config.json", *more)
    return Door(make, use, dict.fromkeys(names, JSON) | {"model.safetensors": SAFETENSORS})


def _dual(folder: Path) -> None:
    from momentvos.data.world import WORDS
    from momentvos.grounding.dual.model import DualConfig, DualEncoder
    from momentvos.text import train_tokenizer

    frames(folder.parent / "clip")
    words = train_tokenizer(WORDS(), 1024, 32)
    sizes = {"side": 16, "channels": 8, "blocks": 1, "dimension": 8, "layers": 1, "heads": 2}
    model = DualEncoder(DualConfig(vocab_size=len(words), positions=32, **sizes))
    model.tokenizer = words
    model.save_pretrained(folder)


_TOWER = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
_VISION = _TOWER | {"image_size": 32, "patch_size": 16}
_SQUARE = {"height": 32, "width": 32}


def _words(folder: Path) -> dict[str, Any]:
    """Write a tokenizer; return the configuration of a tower of words that fits it."""
    from momentvos.text import train_tokenizer

    frames(folder.parent / "clip")
    words = train_tokenizer(["the dog that jumps"], 400, 32)
    words.save_pretrained(folder)
    ids = {"vocab_size": len(words), "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    return _TOWER | ids | {"max_position_embeddings": 32}


def _clip(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    config = CLIPConfig(text_config=_words(folder), vision_config=_VISION, projection_dim=12)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=_SQUARE).save_pretrained(folder)


def _siglip2(folder: Path) -> None:
    from transformers import Siglip2Config, Siglip2Model
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    words = _words(folder) | {"projection_size": 16}
    config = Siglip2Config(text_config=words, vision_config=_VISION | {"num_patches": 4})
    Siglip2Model(config).save_pretrained(folder)
    Siglip2ImageProcessorPil(patch_size=16, max_num_patches=4).save_pretrained(folder)


def _blip2(folder: Path) -> None:
    from transformers import Blip2Config, Blip2ForImageTextRetrieval
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    qformer = _words(folder) | {"encoder_hidden_size": 16, "use_qformer_text_input": True}
    config = Blip2Config(
        vision_config=_VISION,
        qformer_config=qformer,
        num_query_tokens=4,
        image_text_hidden_size=12,
    )
    Blip2ForImageTextRetrieval(config).save_pretrained(folder)
    BlipImageProcessorPil(size=_SQUARE).save_pretrained(folder)


def _xclip(folder: Path) -> None:
    from transformers import XCLIPConfig, XCLIPModel
    from transformers.models.videomae.image_processing_pil_videomae import (
        VideoMAEImageProcessorPil,
    )

    extra = {
        "num_frames": 4,
        "mit_hidden_size": 16,
        "mit_intermediate_size": 32,
        "mit_num_attention_heads": 2,
    }
    config = XCLIPConfig(
        text_config=_words(folder),
        vision_config=_VISION | extra,
        projection_dim=16,
        prompt_layers=1,
        prompt_num_attention_heads=2,
    )
    XCLIPModel(config).save_pretrained(folder)
    images = VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=_SQUARE)
    images.save_pretrained(folder)


def _chrono(folder: Path) -> None:
    from momentvos.data.world import world_samples
    from momentvos.grounding.chrono.small import small_chrono

    frames(folder.parent / "clip")
    known = list(world_samples("train", 2, 0, 32))
    sizes = {"side": 32, "width": 32, "layers": 1, "queries": 2}
    small_chrono(known, "seconds", 8, seed=0, **sizes).save_pretrained(folder)


_IMAGES = "preprocessor_config.json"
DOORS = {
    "dual": _grounder(_dual, "dual={}"),
    "clip": _grounder(_clip, "clip={}", _IMAGES),
    "siglip2": _grounder(_siglip2, "siglip2={}", _IMAGES),
    "blip2": _grounder(_blip2, "blip2={}", _IMAGES),
    "xclip": _grounder(_xclip, "xclip={}", _IMAGES),
    "chrono": _grounder(_chrono, "chrono={}~or-all", "generation_config.json", _IMAGES),
}
