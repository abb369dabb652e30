"""Checkpoints as the official programs write them, with random weights."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from transformers import RobertaConfig, Sam2HieraDetConfig, Sam2VideoModel

from momentvos.convert.names import sam2_sources
from momentvos.data.world import WORDS
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.presets import HIERA_BASE_PLUS, SAMWISE, sam_config
from momentvos.text import train_tokenizer

LISTED = Path(__file__).parent / "samwise_base.txt"
WIDTH, HIDDEN, WORDS_KNOWN = 8, 64, 1024
"""Of the first Hiera stage, of the decoder, of the vocabulary; officially 112, 256 and 50265."""


@pytest.fixture(scope="session")
def listed():
    """Names and shapes in the released SAMWISE files with Hiera-B+."""
    lines = (line.partition(" ") for line in LISTED.read_text().splitlines())
    return {name: tuple(map(int, shape.split(","))) if shape else () for name, _, shape in lines}


def _narrow(name, shape):
    """A model's shape with every width reduced but the memories' (64) and the CME classifier's."""
    if ".mask_downsampler." in name:
        return (HIDDEN, *shape[1:]) if ".12.weight" in name else _last(name, shape)
    if ".mask_downscaling." in name:
        return (HIDDEN, *shape[1:]) if ".6." in name else shape
    if "embed_tokens" in name or "lm_head.bias" in name or "lm_head.weight" in name:
        return (WORDS_KNOWN, *(size // 4 for size in shape[1:]))
    if "embed_positions" in name:
        return (66, shape[1] // 4)
    if "trunk" in name or (".neck." in name and len(shape) == 4):
        return tuple(_stage(size) for size in shape)
    if "proj_vis" in name:
        return tuple(_stage(size) for size in shape)
    keep = {7, 2, 4} | ({64} if "spatial_pos" in name or "memory" in name else set())
    keep |= {64} if "tpos" in name else set()
    keep |= {128} if "linear" in name and "conditional" in name else set()
    keep |= {16, 4} if "spatial_pos" in name else set()
    return tuple(size if size in keep or size < 8 else size // 4 for size in shape)


def _last(name, shape):
    return (HIDDEN,) if ".12.bias" in name else shape


def _stage(size):
    if size % 112 == 0:
        return size // 112 * WIDTH
    return HIDDEN if size == 256 else size


@pytest.fixture(scope="session")
def narrow(listed):
    """The listed names with the shapes of a narrow model."""
    return {name: _narrow(name, shape) for name, shape in listed.items()}


def draw(shapes):
    """Weights of a well-behaved network."""
    torch.manual_seed(0)
    weights = OrderedDict()
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            weights[name] = torch.tensor(3)
        elif name.endswith("running_var"):
            weights[name] = 0.5 + torch.rand(shape)
        else:
            weights[name] = torch.randn(shape) * 0.1
    return weights


@pytest.fixture(scope="session")
def weights(narrow):
    return draw(narrow)


@pytest.fixture(scope="session")
def full(listed):
    return lambda: draw(listed)


@pytest.fixture(scope="session")
def hiera():
    widths = {"hidden_size": WIDTH, "embed_dim_per_stage": [WIDTH * k for k in (1, 2, 4, 8)]}
    heads = {"num_attention_heads": 1, "num_attention_heads_per_stage": [1, 1, 2, 4]}
    return Sam2HieraDetConfig(**(HIERA_BASE_PLUS | widths | heads | {"image_size": [256, 256]}))


@pytest.fixture(scope="session")
def words(tmp_path_factory):
    """A folder with a tokenizer of 1024 tokens at RoBERTa's special ids."""
    folder = tmp_path_factory.mktemp("words")
    tokenizer = train_tokenizer(WORDS(), WORDS_KNOWN, 64)
    tokenizer.add_tokens([f"<{n}>" for n in range(WORDS_KNOWN - len(tokenizer))])
    tokenizer.save_pretrained(folder)
    text_config().save_pretrained(folder)
    return folder


def text_config():
    return RobertaConfig(
        vocab_size=WORDS_KNOWN,
        hidden_size=192,
        num_hidden_layers=12,
        num_attention_heads=3,
        intermediate_size=768,
        max_position_embeddings=66,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )


@pytest.fixture(scope="session")
def config(hiera):
    """Makes the narrow model's configuration."""

    def make(**overrides):
        return TglConfig(
            sam_config=sam_config(hiera, hidden=HIDDEN, feed_forward=512),
            text_config=text_config(),
            **(SAMWISE | {"adapter_dim": HIDDEN} | overrides),
        )

    return make


@pytest.fixture
def save(tmp_path):
    """Writes a checkpoint: save(weights, other="entry") -> path; bare without other entries."""

    def write(weights, name="official.pth", **others):
        path = tmp_path / name
        torch.save({"model": weights, **others}, path)
        return path

    return write


@pytest.fixture(scope="session")
def official():
    """The weights of a Sam2VideoModel under Meta's names."""

    def rename(model: Sam2VideoModel):
        named = {}
        for name, weight in model.state_dict().items():
            sources = sam2_sources(name)
            named |= dict(zip(sources, weight.split(len(weight) // len(sources)), strict=True))
        return named

    return rename
